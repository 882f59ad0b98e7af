import { randomUUID } from 'node:crypto'
import { listedInterval } from '../billing-interval.ts'
import { priceIdOf } from '../catalog/prices.server.ts'
import { findPlan, type Interval } from '../plans.ts'
import { callStripe, callUnderKey, isRefused, unlessRefused } from '../stripe/client.server.ts'
import { copyPhase, withPrice } from '../stripe/objects/phase-copy.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import type { LiveSubscription } from '../subscriptions/live-subscription.server.ts'
import { planItemOf } from '../subscriptions/plan-item.server.ts'
import type { ScheduledChange } from '../subscriptions/scheduled-change.server.ts'

/** Cancels the scheduled change; the subscription continues as it is. */
export async function releaseSchedule({ scheduleId }: StripeSubscription): Promise<void> {
  if (!scheduleId) return
  // It may have been released or completed a moment ago.
  await unlessRefused(callStripe((stripe) => stripe.subscriptionSchedules.release(scheduleId)))
}

/**
 * Restores the downgrade released for an upgrade that was not paid.
 * @param waited the downgrade, read before it was released
 * @param invoiceId the upgrade's: it is voided, and the upgrade with it, since both cannot wait
 */
export async function restoreSchedule(
  running: LiveSubscription,
  waited: ScheduledChange,
  invoiceId: string,
): Promise<void> {
  const plan = findPlan(waited.plan)
  const interval = listedInterval(waited)
  if (!plan?.prices || !interval) return
  const priceId = await priceIdOf({ kind: 'plan', plan, interval, price: plan.prices[interval] })
  await unlessRefused(callStripe((stripe) => stripe.invoices.voidInvoice(invoiceId)))
  // It was paid on Stripe's page a moment ago.
  if (!(await retrieveInvoice(invoiceId))?.isVoid) return
  const released = { ...running, subscription: { ...running.subscription, scheduleId: null } }
  await unlessRefused(scheduleChange(released, { priceId, interval }, randomUUID()))
}

/** Two clicks can release each other's schedule; more than a few rounds is another problem. */
const ROUNDS = 4

/**
 * Schedules a price change at period end, without prorations. The same form sent again finds its own schedule, replaces
 * it, and ends with the same change.
 * @param nonce of the form, so that a double click makes one schedule
 */
export async function scheduleChange(
  running: LiveSubscription,
  target: { priceId: string; interval: Interval },
  nonce: string,
): Promise<void> {
  const { id } = running.subscription
  let key = nonce
  for (let round = 1; ; round++) {
    const found = round === 1 ? null : await retrieveSubscription(id)
    await releaseSchedule(found ?? running.subscription)
    try {
      return await createSchedule(running, target, key)
    } catch (error) {
      // A repeated key returns the schedule as it was created; it may have been released since.
      if (!isRefused(error) || round === ROUNDS) throw error
      key = randomUUID()
    }
  }
}

async function createSchedule(
  { subscription, item, currentPeriodEnd }: LiveSubscription,
  target: { priceId: string; interval: Interval },
  key: string,
): Promise<void> {
  const schedule = await callUnderKey(`schedule:${subscription.id}:${key}`, (stripe, options) =>
    stripe.subscriptionSchedules.create({ from_subscription: subscription.id }, options),
  )
  const current = schedule.phases[0]
  const as = copyPhase(current)
  // A recent upgrade is already in the phase, so its item is changed, not the one read before.
  const sold = await planItemOf({
    items: as.items.map(({ price, quantity = 1 }) => ({ priceId: price, quantity, periodEnd: null })),
  })
  await callStripe((stripe) =>
    stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      proration_behavior: 'none',
      phases: [
        {
          ...as,
          start_date: current?.start_date ?? 'now',
          // The plan's period end: an add-on may have its own.
          end_date: currentPeriodEnd ? currentPeriodEnd.getTime() / 1000 : current?.end_date,
          // A trial must be named, or it would end and be charged at once.
          ...(subscription.status === 'trialing' && { trial: true }),
          proration_behavior: 'none',
        },
        {
          ...withPrice(as, sold?.priceId ?? item.priceId, target.priceId),
          duration: { interval: target.interval, interval_count: 1 },
          proration_behavior: 'none',
        },
      ],
    }),
  )
}
