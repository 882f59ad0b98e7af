import type { User } from '#models/user.server.ts'
import { findRunning } from '#app/billing/running-subscription.server.ts'
import { releaseSchedule } from '#app/billing/scheduled-change.server.ts'
import { syncSubscriptions } from '#app/billing/subscription.server.ts'
import { subscriptionView } from '#app/billing/subscription-view.ts'
import { now } from '#app/clock.server.ts'
import { formatDay } from '#app/format.ts'
import type { Notice } from '#app/standing.ts'

/** "Changes to Beginner on 1 Jun.", or null. It is stored, so that the page comes without Stripe too. */
export function scheduledChangeNotice(user: User): Notice | null {
  const current = subscriptionView(user)
  const change = current.isLive ? user.subscription?.scheduledChange : null
  if (!change) return null
  const day = formatDay(change.at, user.timeZone, now())
  const what = change.plan === current.plan ? `is paid by the ${change.interval}` : `changes to ${change.plan}`
  return { tone: 'ochre', text: `${current.plan} ${what} from ${day}.`, action: 'undo-change' }
}

/** Lets the plan go on as it is. Nothing is charged, and doing it twice is once. */
export async function dropScheduledChange(user: User): Promise<void> {
  const { subscription } = await findRunning(user)
  await releaseSchedule(subscription)
  await syncSubscriptions(user._id)
}
