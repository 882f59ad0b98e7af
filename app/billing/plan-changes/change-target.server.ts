import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { adverbOf, isSameBillingInterval, listedInterval, monthsOf } from '../billing-interval.ts'
import { findPriceIn, priceIdOf } from '../catalog/prices.server.ts'
import {
  AlreadySubscribed,
  ChangesSetByShop,
  EndSetByShop,
  IntervalsDiffer,
  NoSubscription,
  OfferUnavailable,
  PlanNotFound,
} from '../errors.ts'
import { findPlan, type Interval, type Plan } from '../plans.ts'
import { isRefused } from '../stripe/client.server.ts'
import { type LiveSubscription, requireLiveSubscription } from '../subscriptions/live-subscription.server.ts'
import { changeIn, scheduleOf } from '../subscriptions/scheduled-change.server.ts'
import { endsByShop, isOverdue } from '../subscriptions/subscription-state.ts'
import { endWithoutCancellation } from './cancel.server.ts'

/* What a plan change leads to, and whether it is allowed: the same for preview and order. */

export interface PlanChoice {
  plan: string
  interval: Interval
}

/** How old a preview may be that an order refers to. */
const PREVIEW_FOR_MS = 60 * 60 * 1000
/** Allowed clock difference to Stripe; a later date would make the change cheaper. */
const AHEAD_MS = 2 * 60 * 1000

/** Stripe refuses a price that lacks the subscription's currency or was archived a moment ago. */
export async function unlessNotSold<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw isRefused(error) ? new OfferUnavailable(error) : error
  }
}

export interface Target {
  plan: Plan
  interval: Interval
  priceId: string
  /** The current plan: choosing it again cancels a scheduled change. */
  isSame: boolean
}

/**
 * The current subscription, and what the choice makes of it.
 * @throws PlanNotFound, NoSubscription, AlreadySubscribed for the plan that runs, OfferUnavailable, EndSetByShop,
 * ChangesSetByShop, IntervalsDiffer, StripeUnavailable
 */
export async function targetOf(
  user: Pick<User, '_id'>,
  { plan: name, interval }: PlanChoice,
): Promise<{ running: LiveSubscription; target: Target }> {
  const plan = findPlan(name)
  const price = plan?.prices?.[interval]
  if (!plan || !price) throw new PlanNotFound()
  const running = await requireLiveSubscription(user)
  if (isOverdue(running.subscription.status)) {
    throw new NoSubscription('A payment for your plan is still open. Pay it first, then change the plan.')
  }
  if (running.subscription.status === 'paused') {
    throw new NoSubscription('Your plan is paused. Resume it first, then change it.')
  }
  const isSame = running.item.plan.name === plan.name && listedInterval(running.item) === interval
  const schedule = await scheduleOf(running.subscription)
  // Other scheduled changes, such as an add-on's price, are no plan change and stay.
  if (isSame && !(await changeIn(schedule))) throw new AlreadySubscribed(plan.name)
  // A customer's order schedules one phase, which can be restored; releasing would drop all of these.
  if (schedule && schedule.coming.length > 1) throw new ChangesSetByShop()
  if (isSame) return { running, target: { plan, interval, priceId: running.item.priceId, isSame } }
  const target = { plan, interval, priceId: await priceIdOf({ kind: 'plan', plan, interval, price }), isSame }
  const currency = running.subscription.terms?.currency
  // Stripe cannot move a subscription to another currency, and would say so only when the change takes effect.
  if (currency && (await findPriceIn(target.priceId, currency))?.amountIn(currency) === null) {
    throw new OfferUnavailable()
  }
  requireOneInterval(running, interval)
  // A schedule for the smaller plan would replace the end date set by the operator.
  if (!isNow(running, target) && endWithoutCancellation(running)) throw new EndSetByShop()
  return { running, target }
}

/** Stripe refuses mixed intervals on a classic subscription, with an error that means nothing to customers. */
function requireOneInterval({ subscription, item }: LiveSubscription, interval: Interval): void {
  const wanted = { interval, intervalCount: 1 }
  if (!subscription.isClassic || isSameBillingInterval(item, wanted)) return
  const others = subscription.items.filter(({ id }) => id !== item.id)
  if (others.length === 0) return
  const names = others.flatMap(({ name }) => name ?? [])
  throw new IntervalsDiffer(names, adverbOf(item), adverbOf(wanted))
}

/** Upgrades apply now, downgrades at period end: a paid longer period is never cut short. */
export function isNow(running: LiveSubscription, target: Pick<Target, 'plan' | 'interval'>): boolean {
  if (monthsOf(running.item) > (target.interval === 'year' ? 12 : 1)) return false
  return target.plan.credits >= running.item.plan.credits
}

/** The date of the preview, unless it is too old. */
export function dateOf(prorationDate: Date | null): { proration_date?: number } {
  const age = prorationDate ? now().getTime() - prorationDate.getTime() : null
  const isFresh = prorationDate !== null && age !== null && age > -AHEAD_MS && age < PREVIEW_FOR_MS
  return isFresh ? { proration_date: Math.floor(prorationDate.getTime() / 1000) } : {}
}

/** It ends in this period on a date set by the operator; a larger plan ends then too. */
export const endsWithPeriod = (running: LiveSubscription): boolean =>
  running.cancelAtPeriodEnd && !running.subscription.hasCancelFlag && endsByShop(running)
