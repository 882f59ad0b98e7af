import type { User } from '#models/user.server.ts'
import { findRunning } from '#app/billing/running-subscription.server.ts'
import { findScheduledChange, releaseSchedule } from '#app/billing/scheduled-change.server.ts'
import { subscriptionView } from '#app/billing/subscription-view.ts'
import { now } from '#app/clock.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { formatDay } from '#app/format.ts'
import type { Notice } from '#app/standing.ts'

/** "Changes to Beginner on 1 Jun.", or null. Only Stripe knows, and the page must come without Stripe too. */
export async function readScheduledChange(user: User): Promise<Notice | null> {
  const current = subscriptionView(user)
  if (!current.isLive) return null
  try {
    const change = await findScheduledChange(user)
    if (!change) return null
    const day = formatDay(change.at, user.timeZone, now())
    const what = change.plan === current.plan ? `is paid by the ${change.interval}` : `changes to ${change.plan}`
    return { tone: 'ochre', text: `${current.plan} ${what} from ${day}.`, action: 'undo-change' }
  } catch (error) {
    if (error instanceof DomainError) return null
    throw error
  }
}

/** Lets the plan go on as it is. Nothing is charged, and doing it twice is once. */
export async function dropScheduledChange(user: User): Promise<void> {
  const { subscription } = await findRunning(user)
  await releaseSchedule(subscription)
}
