import { findPrice } from './prices.server.ts'
import type { Rhythm } from './rhythm.ts'
import { findAtStripe } from './stripe.server.ts'
import { readSchedule, type StripeSchedule } from './stripe-shapes/schedule.ts'

export interface ScheduledChange extends Rhythm {
  plan: string
  at: Date
}

/** The schedule that changes a subscription, with the prices of its phases; null when none is at work. */
export async function scheduleOf({ scheduleId }: { scheduleId: string | null }): Promise<StripeSchedule | null> {
  if (!scheduleId) return null
  const found = await findAtStripe((stripe) =>
    stripe.subscriptionSchedules.retrieve(scheduleId, { expand: ['phases.items.price'] }),
  )
  const schedule = found && readSchedule(found)
  return schedule?.isActive ? schedule : null
}

/**
 * The change that waits for the end of a subscription's period, as Stripe has it.
 * @returns null when there is none
 */
export async function comingChangeOf(subscription: { scheduleId: string | null }): Promise<ScheduledChange | null> {
  return changeIn(await scheduleOf(subscription))
}

/** The change of plan that a schedule brings next. */
export async function changeIn(schedule: StripeSchedule | null): Promise<ScheduledChange | null> {
  const next = schedule?.coming[0]
  const priceId = next?.items[0]?.priceId
  const price = priceId ? await findPrice(priceId) : null
  if (!next || price?.offer.kind !== 'plan') return null
  const { plan, interval, intervalCount } = price.offer
  return { plan: plan.name, interval, intervalCount, at: next.startDate }
}
