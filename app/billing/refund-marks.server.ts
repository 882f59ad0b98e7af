import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import type { MoneySource } from './money-source.server.ts'

/** Writes how much of a payment has gone back. `amountRefunded` is cumulative at Stripe, so the newest reading is right. */
export async function markRefunded({ of, charge, paid }: MoneySource): Promise<void> {
  const { amountRefunded } = charge
  const status = statusOf(amountRefunded, paid)
  if (of.type === 'payment') {
    await PaymentModel.updateOne({ stripePaymentIntentId: of.id }, { $set: { amountRefunded } })
    const open = { stripePaymentIntentId: of.id, status: { $ne: 'disputed' as const } }
    await PaymentModel.updateOne(open, { $set: { status: status ?? 'paid' } })
    return
  }
  await BillingHistoryModel.updateOne({ stripeInvoiceId: of.id }, { $set: { amountRefunded } })
  if (status) {
    const open = { stripeInvoiceId: of.id, status: { $ne: 'disputed' as const } }
    await BillingHistoryModel.updateOne(open, { $set: { status } })
    return
  }
  // A refund that failed: the payment stands again.
  const refunded = { stripeInvoiceId: of.id, status: { $in: ['refunded' as const, 'partially_refunded' as const] } }
  await BillingHistoryModel.updateOne(refunded, { $set: { status: 'active' } })
}

const statusOf = (refunded: number, paid: number): 'refunded' | 'partially_refunded' | null => {
  if (refunded <= 0) return null
  return refunded >= paid ? 'refunded' : 'partially_refunded'
}

/** Writes that a payment is disputed, or no longer is. */
export async function markDisputed(source: MoneySource, isDisputed: boolean): Promise<void> {
  const { of } = source
  if (of.type === 'payment') {
    const [from, to] = isDisputed ? (['paid', 'disputed'] as const) : (['disputed', 'paid'] as const)
    await PaymentModel.updateOne({ stripePaymentIntentId: of.id, status: from }, { $set: { status: to } })
  } else {
    const [from, to] = isDisputed ? (['active', 'disputed'] as const) : (['disputed', 'active'] as const)
    await BillingHistoryModel.updateOne({ stripeInvoiceId: of.id, status: from }, { $set: { status: to } })
  }
}
