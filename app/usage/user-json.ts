import type { User } from '#models/user.server.ts'
import { isPaused } from '../billing/entitlements/entitlements.ts'
import { effectivePlan, planOf } from '../billing/entitlements/current-plan.ts'
import { billingIntervalOf } from '../billing/billing-interval.ts'

/** A user as `GET /api/user` shows them: their own data, nothing that proves who they are, nothing of Stripe but ids. */
export interface UserJson {
  id: string
  email: string
  name: string
  plan: string
  features: Record<string, boolean>
  limits: Record<string, number | 'unlimited'>
  subscription: {
    id: string
    plan: string
    /** It is paid every `intervalCount` of `interval`. */
    interval: string | null
    intervalCount: number | null
    status: string
    currentPeriodStart: string | null
    currentPeriodEnd: string | null
    cancelAtPeriodEnd: boolean
    gracePeriodEnd: string | null
    trialEnd: string | null
    /** The plan stays and nothing is collected, until then where that is known; null while payments are collected. */
    collectionPaused: { until: string | null } | null
    /**
     * What will be charged next, in minor units, and the credits that come with it; null where nothing is, or where that
     * cannot be said. `isExact` is false where tax comes on top.
     */
    nextPayment: { amount: number; currency: string; credits: number; at: string; isExact: boolean } | null
    /** What each period costs, with the coupons that last. */
    price: { amount: number; currency: string; interval: string; intervalCount: number; isExact: boolean } | null
    /** The change that waits for the period's end. */
    scheduledChange: { plan: string; interval: string; intervalCount: number; at: string } | null
  } | null
}

/**
 * Shows a user; a subscription that was never bought or has ended and been cleared is null.
 * @param at when: the features of a plan that is not paid for hold until its grace period ends
 */
export function toUserJson(user: User, at: Date): UserJson {
  const plan = planOf(user.subscription)
  const inForce = effectivePlan(isPaused(user, at) ? null : user.subscription)
  return {
    id: user._id.toHexString(),
    email: user.email,
    name: user.name,
    plan: plan.name,
    features: { ...inForce.features },
    limits: Object.fromEntries(Object.entries(inForce.limits).map(([name, max]) => [name, unlessUnlimited(max)])),
    subscription: subscriptionJson(user.subscription),
  }
}

/** JSON has no infinity: it would come out as null, which reads as "no limit is known". */
const unlessUnlimited = (max: number): number | 'unlimited' => (Number.isFinite(max) ? max : 'unlimited')

function subscriptionJson(subscription: User['subscription']): UserJson['subscription'] {
  if (!subscription?.stripeSubscriptionId) return null
  const change = subscription.scheduledChange
  return {
    id: subscription.stripeSubscriptionId,
    plan: subscription.plan,
    interval: subscription.interval ?? null,
    intervalCount: billingIntervalOf(subscription)?.intervalCount ?? null,
    status: subscription.status,
    currentPeriodStart: iso(subscription.currentPeriodStart),
    currentPeriodEnd: iso(subscription.currentPeriodEnd),
    cancelAtPeriodEnd: subscription.cancelAtPeriodEnd,
    gracePeriodEnd: iso(subscription.gracePeriodEnd),
    trialEnd: iso(subscription.trialEnd),
    collectionPaused: subscription.collectionPaused ? { until: iso(subscription.collectionResumesAt) } : null,
    nextPayment: nextPaymentJson(subscription.nextPayment),
    price: priceJson(subscription.price),
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

type Stored = NonNullable<User['subscription']>
type SubscriptionJson = NonNullable<UserJson['subscription']>

function nextPaymentJson(next: Stored['nextPayment']): SubscriptionJson['nextPayment'] {
  if (!next) return null
  const { amount, currency, credits, at, isExact } = next
  return { amount, currency, credits, at: at.toISOString(), isExact }
}

function priceJson(price: Stored['price']): SubscriptionJson['price'] {
  if (!price) return null
  const { amount, currency, interval, intervalCount, isExact } = price
  return { amount, currency, interval, intervalCount, isExact }
}

const iso = (date: Date | null | undefined): string | null => date?.toISOString() ?? null
