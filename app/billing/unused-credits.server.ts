import type { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { capCredits } from '../credits/cap.server.ts'
import { stripeInvoiceKey } from '../credits/keys.ts'
import type { Plan } from './plans.ts'
import type { StripeInvoice } from './stripe-shapes/invoice.ts'

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
  const earlier = await BillingHistoryModel.find({
    userId,
    transactionDate: { $lt: renewal.paidAt ?? renewal.createdAt },
  })
    .select({ stripeInvoiceId: 1 })
    .lean()
  const grantKey = stripeInvoiceKey(renewal.id)
  await capCredits({
    accountId: userId,
    key: `${grantKey}:cap`,
    max: unusedCredits.cap,
    of: earlier.map(({ stripeInvoiceId: id }) => ({ type: 'invoice', id })),
    before: grantKey,
    reason: `At most ${unusedCredits.cap} unused credits stay at a renewal`,
  })
}
