import { listGrantedSources } from '../credits/granted-sources.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'

export interface GrantAudit {
  invoices: number
  payments: number
  violations: string[]
  /** Invoices and payments whose event is still to be finished: Stripe's next try or the reconcile does that. */
  unfinished: string[]
}

/**
 * Checks that money and credits tell the same story: every paid invoice and every pack has its one row, whose
 * `creditsAdded` is what its entries grant or will grant, and every grant that names an invoice or a payment has a row.
 */
export async function auditGrants(): Promise<GrantAudit> {
  const granted = await listGrantedSources()
  const audit: GrantAudit = { invoices: 0, payments: 0, violations: [], unfinished: [] }
  const seen = new Set<string>()
  const compare = (type: 'invoice' | 'payment', id: string, userId: string, creditsAdded: number) => {
    seen.add(`${type}:${id}`)
    const source = granted.get(`${type}:${id}`)
    const credits = source?.credits ?? 0
    if (credits !== creditsAdded) {
      audit.violations.push(`${type} ${id} says ${creditsAdded} credits, its entries grant ${credits}`)
    }
    if (source && source.accountId !== userId) audit.violations.push(`${type} ${id} granted to another account`)
  }

  for await (const row of BillingHistoryModel.find().lean().cursor()) {
    audit.invoices++
    compare('invoice', row.stripeInvoiceId, row.userId.toHexString(), row.creditsAdded)
  }
  for await (const row of PaymentModel.find().lean().cursor()) {
    audit.payments++
    compare('payment', row.stripePaymentIntentId, row.userId.toHexString(), row.creditsAdded)
  }
  for (const [source, { type, id }] of granted) {
    if (seen.has(source)) continue
    if (await isUnderWay(id)) audit.unfinished.push(`${type} ${id}`)
    else audit.violations.push(`${type} ${id} granted credits and has no row`)
  }
  return audit
}

/** A process may have died between the grant and the row; the event is then not marked as processed. */
async function isUnderWay(stripeId: string): Promise<boolean> {
  const event = await WebhookEventModel.exists({
    status: { $in: ['received', 'failed'] },
    $or: [{ 'payload.data.object.id': stripeId }, { 'payload.data.object.payment_intent': stripeId }],
  })
  return event !== null
}
