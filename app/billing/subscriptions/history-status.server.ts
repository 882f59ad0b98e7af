import type { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { endedReasonOf, isEnded } from './subscription-state.ts'

/**
 * Updates the billing history's subscription status: payments of ended subscriptions become `cancelled` with the
 * reason, and the newest payment of the current one is marked.
 * @param all the user's subscriptions
 */
export async function syncHistoryStatus(
  userId: Types.ObjectId,
  all: readonly StripeSubscription[],
  currentId: string | null,
): Promise<void> {
  for (const subscription of all) {
    if (!isEnded(subscription.status)) continue
    await BillingHistoryModel.updateMany(
      { userId, stripeSubscriptionId: subscription.id, status: 'active' },
      { $set: { status: 'cancelled', statusReason: endedReasonOf(subscription) } },
    )
  }
  const newest = currentId
    ? await BillingHistoryModel.findOne({ userId, stripeSubscriptionId: currentId })
        .sort({ transactionDate: -1, _id: -1 })
        .select({ _id: 1 })
        .lean()
    : null
  await BillingHistoryModel.updateMany(
    { userId, isCurrentSubscription: true, ...(newest && { _id: { $ne: newest._id } }) },
    { $set: { isCurrentSubscription: false } },
  )
  if (newest) await BillingHistoryModel.updateOne({ _id: newest._id }, { $set: { isCurrentSubscription: true } })
}
