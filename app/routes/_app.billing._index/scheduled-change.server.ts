import type { User } from '#models/user.server.ts'
import { requireLiveSubscription } from '#app/billing/subscriptions/live-subscription.server.ts'
import { releaseSchedule } from '#app/billing/plan-changes/schedule.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'

/** Lets the plan go on as it is. Nothing is charged, and doing it twice is once. */
export async function dropScheduledChange(user: User): Promise<void> {
  const { subscription } = await requireLiveSubscription(user)
  await releaseSchedule(subscription)
  await syncSubscriptions(user._id)
}
