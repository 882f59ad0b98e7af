import { randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import type { ScheduledChange } from './coming-change.server.ts'
import type { Interval } from './plans.ts'
import type { RunningSubscription } from './running-subscription.server.ts'
import { callStripe, callUnderKey, findAtStripe, isRefused } from './stripe.server.ts'
import { readSubscription, type StripeSubscription } from './stripe-shapes/subscription.ts'
import { readUser } from './users.server.ts'

/**
 * The change that waits for the end of the period, as it was last read from Stripe: pages do not ask there.
 * @returns null when there is none
 */
export async function findScheduledChange({ _id }: Pick<User, '_id'>): Promise<ScheduledChange | null> {
  return (await readUser(_id)).subscription?.scheduledChange ?? null
}

/** Drops the change that waits; the subscription goes on as it is. */
export async function releaseSchedule({ scheduleId }: StripeSubscription): Promise<void> {
  if (!scheduleId) return
  try {
    await callStripe((stripe) => stripe.subscriptionSchedules.release(scheduleId))
  } catch (error) {
    // It was released, or came to its end, a moment ago.
    if (!isRefused(error)) throw error
  }
}

/** Two clicks can release each other's schedule; more than a few rounds of that is something else. */
const ROUNDS = 4

/**
 * Lets another price take over when the period ends, without prorations: what is paid for runs out first. The same form
 * sent again finds its own schedule, replaces it, and ends up with the same change.
 * @param running the subscription as it is
 * @param target the price to come, and its interval
 * @param nonce of the form, so that a double click makes one schedule
 */
export async function scheduleChange(
  running: RunningSubscription,
  target: { priceId: string; interval: Interval },
  nonce: string,
): Promise<void> {
  const { id } = running.subscription
  let key = nonce
  for (let round = 1; ; round++) {
    const found = round === 1 ? null : await findAtStripe((stripe) => stripe.subscriptions.retrieve(id))
    await releaseSchedule(found ? readSubscription(found) : running.subscription)
    try {
      return await createSchedule(running, target, key)
    } catch (error) {
      // A repeated key answers with the schedule as it was then, and that one may have been released since.
      if (!isRefused(error) || round === ROUNDS) throw error
      key = randomUUID()
    }
  }
}

async function createSchedule(
  { subscription, item }: RunningSubscription,
  target: { priceId: string; interval: Interval },
  key: string,
): Promise<void> {
  const schedule = await callUnderKey(`schedule:${subscription.id}:${key}`, (stripe, options) =>
    stripe.subscriptionSchedules.create({ from_subscription: subscription.id }, options),
  )
  await callStripe(async (stripe) => {
    const current = schedule.phases[0]
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      proration_behavior: 'none',
      phases: [
        {
          items: [{ price: item.priceId, quantity: item.quantity }],
          start_date: current?.start_date ?? 'now',
          end_date: current?.end_date,
          // A phase says all of itself: one that does not name the trial would end it and charge at once.
          ...(subscription.status === 'trialing' && { trial: true }),
          proration_behavior: 'none',
        },
        {
          items: [{ price: target.priceId, quantity: item.quantity }],
          duration: { interval: target.interval, interval_count: 1 },
          proration_behavior: 'none',
        },
      ],
    })
  })
}
