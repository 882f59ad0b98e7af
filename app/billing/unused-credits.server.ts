import type { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { capCredits } from '../credits/cap.server.ts'
import { stripeInvoiceKey } from '../credits/keys.ts'
import type { Plan } from './plans.ts'
import { findAtStripe } from './stripe.server.ts'
import { readInvoice, type StripeInvoice } from './stripe-shapes/invoice.ts'

/**
 * At a renewal, takes what is left of a plan's earlier credits above the plan's cap; packs and gifts do not count, nor
 * does what was paid for after the renewal, should this come late. Nothing to do for plans whose credits accumulate, or
 * expire by themselves. Safe to repeat for one invoice.
 * @param renewal the invoice, before its own credits are granted
 */
export async function capUnused(
  userId: Types.ObjectId,
  renewal: StripeInvoice,
  { unusedCredits }: Plan,
): Promise<void> {
  if (typeof unusedCredits === 'string') return
  const grantKey = stripeInvoiceKey(renewal.id)
  await capCredits({
    accountId: userId,
    key: `${grantKey}:cap`,
    max: unusedCredits.cap,
    counts: async (sources) => {
      const invoices = sources.filter(({ type, id }) => type === 'invoice' && id !== renewal.id)
      const paidAt = await paymentTimes(invoices.map(({ id }) => id))
      const isEarlier = (at: Date | undefined) => at !== undefined && at < (renewal.paidAt ?? renewal.createdAt)
      return invoices.filter(({ id }) => isEarlier(paidAt.get(id)))
    },
    before: grantKey,
    reason: `At most ${unusedCredits.cap} unused credits stay at a renewal`,
  })
}

/** When invoices were paid. Credits stand before their row does, and until that is there Stripe knows. */
async function paymentTimes(ids: string[]): Promise<Map<string, Date>> {
  const rows = await BillingHistoryModel.find({ stripeInvoiceId: { $in: ids } })
    .select({ stripeInvoiceId: 1, transactionDate: 1 })
    .lean()
  const times = new Map(rows.map(({ stripeInvoiceId, transactionDate }) => [stripeInvoiceId, transactionDate]))
  for (const id of ids) {
    if (times.has(id)) continue
    const found = await findAtStripe((stripe) => stripe.invoices.retrieve(id))
    const invoice = found && readInvoice(found)
    if (invoice) times.set(id, invoice.paidAt ?? invoice.createdAt)
  }
  return times
}
