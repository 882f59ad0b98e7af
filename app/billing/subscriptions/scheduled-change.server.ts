import { type BillingInterval, isSameBillingInterval } from '../billing-interval.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readSchedule, type StripePhase, type StripeSchedule } from '../stripe/objects/schedule.ts'
import { planItemOf } from './plan-item.server.ts'

export interface ScheduledChange extends BillingInterval {
  plan: string
  at: Date
}

/** A subscription's schedule with the prices of its phases; null if none is active. */
export async function scheduleOf({ scheduleId }: { scheduleId: string | null }): Promise<StripeSchedule | null> {
  if (!scheduleId) return null
  const found = await findAtStripe((stripe) =>
    stripe.subscriptionSchedules.retrieve(scheduleId, { expand: ['phases.items.price'] }),
  )
  const schedule = found && readSchedule(found)
  return schedule?.isActive ? schedule : null
}

/** The next plan change of a schedule, whoever made it; null if its phases leave the plan as it is. */
export async function changeIn(schedule: StripeSchedule | null): Promise<ScheduledChange | null> {
  const current = schedule?.current && (await planOfPhase(schedule.current))
  for (const phase of schedule?.coming ?? []) {
    const next = await planOfPhase(phase)
    if (!next || (current && next.plan === current.plan && isSameBillingInterval(next, current))) continue
    return { ...next, at: phase.startDate }
  }
  return null
}

async function planOfPhase(phase: StripePhase): Promise<({ plan: string } & BillingInterval) | null> {
  const item = await planItemOf(phase)
  return item && { plan: item.plan.name, interval: item.interval, intervalCount: item.intervalCount }
}
