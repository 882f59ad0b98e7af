import type { User } from '#models/user.server.ts'
import { isPaused } from '../billing/entitlements/entitlements.ts'
import { effectivePlan, planOf } from '../billing/entitlements/current-plan.ts'
import { billingIntervalOf } from '../billing/billing-interval.ts'

/**
 * A user as `GET /api/user` shows them: their own data, nothing that proves who they are, nothing of Stripe but ids.
 * @param at when: the features of a plan that is not paid for hold until its grace period ends
 */
export function toUserJson(user: User, at: Date) {
  const inForce = effectivePlan(isPaused(user, at) ? null : user.subscription)
  return {
    id: user._id.toHexString(),
    email: user.email,
    name: user.name,
    plan: planOf(user.subscription).name,
    features: { ...inForce.features },
    limits: Object.fromEntries(Object.entries(inForce.limits).map(([name, max]) => [name, unlessUnlimited(max)])),
    subscription: subscriptionJson(user.subscription),
  }
}

/** JSON has no infinity: it would come out as null, which reads as "no limit is known". */
const unlessUnlimited = (max: number): number | 'unlimited' => (Number.isFinite(max) ? max : 'unlimited')

/** Null for one that was never bought, or has ended and been cleared. */
function subscriptionJson(subscription: User['subscription']) {
  if (!subscription?.stripeSubscriptionId) return null
  const { nextPayment: next, price, scheduledChange: change } = subscription
  return {
    id: subscription.stripeSubscriptionId,
    plan: subscription.plan,
    /** It is paid every `intervalCount` of `interval`. */
    interval: subscription.interval ?? null,
    intervalCount: billingIntervalOf(subscription)?.intervalCount ?? null,
    status: subscription.status,
    currentPeriodStart: iso(subscription.currentPeriodStart),
    currentPeriodEnd: iso(subscription.currentPeriodEnd),
    cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
    gracePeriodEnd: iso(subscription.gracePeriodEnd),
    trialEnd: iso(subscription.trialEnd),
    /** The plan stays and nothing is collected, until then where that is known; null while payments are collected. */
    collectionPaused: subscription.collectionPaused ? { until: iso(subscription.collectionResumesAt) } : null,
    /** What will be charged next, in minor units; null where nothing is. `isExact` is false where tax comes on top. */
    nextPayment: next ? { ...sumJson(next), credits: next.credits, at: next.at.toISOString() } : null,
    /** What each period costs, with the coupons that last. */
    price: price ? { ...sumJson(price), interval: price.interval, intervalCount: price.intervalCount } : null,
    /** The change that waits for the period's end. */
    scheduledChange: change
      ? {
          plan: change.plan,
          interval: change.interval,
          intervalCount: change.intervalCount ?? 1,
          at: change.at.toISOString(),
        }
      : null,
  }
}

const sumJson = ({ amount, currency, isExact }: { amount: number; currency: string; isExact: boolean }) => ({
  amount,
  currency,
  isExact,
})

const iso = (date: Date | null | undefined): string | null => date?.toISOString() ?? null
