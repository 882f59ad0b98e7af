import type { User } from '#models/user.server.ts'
import type { BillingInterval } from '../billing-interval.ts'
import { FREE_PLAN } from '../plans.ts'
import { hasLiveSubscription } from './subscription-state.ts'

/** Facts about a user's plan; app/plan-status/plan-status.ts puts them into words. */
export interface SubscriptionView {
  plan: string
  /** The billing interval: every `intervalCount` of `interval`. */
  interval: BillingInterval['interval'] | null
  intervalCount: number | null
  /** Stripe's status, or `none`. */
  status: string
  isLive: boolean
  currentPeriodStart: Date | null
  currentPeriodEnd: Date | null
  cancelAtPeriodEnd: boolean
  gracePeriodEnd: Date | null
  trialEnd: Date | null
  endedReason: string | null
}

/** The stored subscription of a user. Without one, the Free plan. */
export function subscriptionView({ subscription }: Pick<User, 'subscription'>): SubscriptionView {
  const isLive = hasLiveSubscription(subscription)
  return {
    plan: isLive && subscription ? subscription.plan : FREE_PLAN,
    interval: (isLive && subscription?.interval) || null,
    intervalCount: isLive && subscription?.interval ? (subscription.intervalCount ?? 1) : null,
    status: subscription?.status ?? 'none',
    isLive,
    currentPeriodStart: subscription?.currentPeriodStart ?? null,
    currentPeriodEnd: subscription?.currentPeriodEnd ?? null,
    cancelAtPeriodEnd: subscription?.cancelAtPeriodEnd ?? false,
    gracePeriodEnd: subscription?.gracePeriodEnd ?? null,
    trialEnd: subscription?.trialEnd ?? null,
    endedReason: subscription?.endedReason ?? null,
  }
}
