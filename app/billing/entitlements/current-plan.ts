import type { User } from '#models/user.server.ts'
import { billingIntervalOf, listedInterval } from '../billing-interval.ts'
import { findPlan, FREE_PLAN, type Plan } from '../plans.ts'
import { isLive } from '../subscriptions/subscription-state.ts'

/** The plan, and the next credits, to show with a refusal. */
export interface Expectation {
  plan: Plan
  /** The next credits added without any action: a scheduled grant, or the renewal. */
  nextGrant: { credits: number; at: Date } | null
}

type Stored = NonNullable<User['subscription']>

/** The stored subscription fields that decide the plan and the next grant. */
export type SubscriptionSnapshot = Pick<Stored, 'plan' | 'status'> &
  Partial<Pick<Stored, 'stripeSubscriptionId' | 'intervalCount' | 'currentPeriodEnd' | 'cancelAtPeriodEnd'>> & {
    interval?: string | null
    nextPayment?: { credits: number; at: Date } | null
  }

const RENEWING = new Set(['active', 'trialing'])

/** A user's plan: the subscription's while it is live, else Free; Free also where the plan file lacks the plan. */
export function planOf(subscription: SubscriptionSnapshot | null | undefined): Plan {
  const free = findPlan(FREE_PLAN)
  if (!free) throw new Error(`The plan file has no plan ${FREE_PLAN}`)
  if (!subscription?.stripeSubscriptionId || !isLive(subscription.status)) return free
  return findPlan(subscription.plan) ?? free
}

/** The plan whose features and limits apply: Free while the subscription is paused, since it is not paid for then. */
export const effectivePlan = (subscription: SubscriptionSnapshot | null | undefined): Plan =>
  planOf(subscription?.status === 'paused' ? null : subscription)

/**
 * The plan, and the next credits added automatically: by the renewal or a scheduled grant, whichever is earlier.
 * @param nextArrival the next scheduled grant of the balance, or null
 */
export function expectationOf(
  subscription: SubscriptionSnapshot | null | undefined,
  nextArrival: { credits: number; at: Date } | null,
): Expectation {
  const plan = planOf(subscription)
  const coming = [nextArrival, renewalOf(subscription)].filter((grant) => grant !== null)
  coming.sort((one, other) => one.at.getTime() - other.at.getTime())
  return { plan, nextGrant: coming[0] ?? null }
}

/** When a plan's usage limits reset after `at`: with the subscription's month, else with the calendar month, UTC. */
export function limitsResetAt(subscription: SubscriptionSnapshot | null | undefined, at: Date): Date {
  const isMonth = listedInterval(billingIntervalOf(subscription)) === 'month'
  const end = isMonth && subscription && isLive(subscription.status) ? subscription.currentPeriodEnd : null
  return end && end > at ? end : new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1))
}

function renewalOf(subscription: SubscriptionSnapshot | null | undefined) {
  const next = subscription?.nextPayment
  if (!next || next.credits <= 0 || !RENEWING.has(subscription.status)) return null
  return { credits: next.credits, at: next.at }
}

/** When a subscription's next period begins, and rollover limits apply to unused credits; null if none will. */
export function renewsAt(subscription: SubscriptionSnapshot | null | undefined, at: Date): Date | null {
  const { status = '', cancelAtPeriodEnd, currentPeriodEnd } = subscription ?? {}
  if (!RENEWING.has(status) || cancelAtPeriodEnd) return null
  return currentPeriodEnd && currentPeriodEnd > at ? currentPeriodEnd : null
}
