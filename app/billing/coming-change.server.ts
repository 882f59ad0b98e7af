import { findPrice } from './prices.server.ts'
import type { Rhythm } from './rhythm.ts'
import { findAtStripe } from './stripe.server.ts'

export interface ScheduledChange extends Rhythm {
  plan: string
  at: Date
}

/**
 * The change that waits for the end of a subscription's period, as Stripe has it.
 * @returns null when there is none
 */
export async function comingChangeOf({ scheduleId }: { scheduleId: string | null }): Promise<ScheduledChange | null> {
  if (!scheduleId) return null
  const schedule = await findAtStripe((stripe) => stripe.subscriptionSchedules.retrieve(scheduleId))
  if (schedule?.status !== 'active') return null
  const next = schedule.phases.find(({ start_date }) => start_date >= (schedule.current_phase?.end_date ?? Infinity))
  const priceOf = next?.items[0]?.price
  const price = priceOf ? await findPrice(typeof priceOf === 'string' ? priceOf : priceOf.id) : null
  if (!next || price?.offer.kind !== 'plan') return null
  const { plan, interval, intervalCount } = price.offer
  return { plan: plan.name, interval, intervalCount, at: new Date(next.start_date * 1000) }
}
