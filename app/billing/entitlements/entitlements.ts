import { LimitReached, SpendingFrozen } from '../../credits/errors.ts'
import type { UseLimit } from '../../credits/limits.server.ts'
import { FeatureNotInPlan, PlanPaused, PlanTooSmall } from '../errors.ts'
import { type Feature, findPlan, type Limit, type Plan, plans } from '../plans.ts'
import { isOverdue } from '../subscriptions/subscription-state.ts'
import { effectivePlan, limitsResetAt, planOf, type SubscriptionSnapshot } from './current-plan.ts'

/*
 * What a user's plan allows. Pure: decided from what is stored, since no page load asks Stripe.
 *
 * After a failed payment features keep working until the grace period ends; then paid features and spending pause, and
 * the error asks for a new card, not another plan.
 */

/** The user fields that decide it; no subscription means the Free plan. */
export interface Subscriber {
  subscription?: (SubscriptionSnapshot & { gracePeriodEnd?: Date | null }) | null
}

/** Feature names at the start of a sentence. */
export const FEATURE_NAMES: Record<Feature, string> = {
  svgExport: 'SVG export',
  apiAccess: 'API access',
  prioritySupport: 'Priority support',
}

/** What a plan has beyond Free, for use within a sentence. */
export function featuresBeyondFree(name: string): string[] {
  const [plan, free] = [findPlan(name), planOf(null)]
  const names = Object.entries(FEATURE_NAMES) as [Feature, string][]
  return names
    .filter(([feature]) => plan?.features[feature] && !free.features[feature])
    .map(([, title]) => (/^[A-Z][a-z]/.test(title) ? title[0]!.toLowerCase() + title.slice(1) : title))
}

/** A payment is past its grace period, or the subscription is paused: paid features are paused. */
export function isPaused({ subscription }: Subscriber, at: Date): boolean {
  if (!subscription?.stripeSubscriptionId) return false
  const { status, gracePeriodEnd } = subscription
  if (status === 'paused' || status === 'unpaid') return true
  return isOverdue(status) && Boolean(gracePeriodEnd && gracePeriodEnd <= at)
}

/**
 * Requires a plan at least as large as another, in the order of the plan file.
 * @throws PlanTooSmall; when it is large enough, SpendingFrozen for `past_due` or PlanPaused
 */
export function requirePlan(user: Subscriber, name: string, at: Date): Plan {
  const wanted = findPlan(name)
  if (!wanted) throw new Error(`The plan file has no plan ${name}`)
  const plan = planOf(user.subscription)
  if (!hasPlan(plan, wanted)) throw new PlanTooSmall(plan.name, wanted.name)
  return unlessPaused(user, plan, at, (free) => hasPlan(free, wanted))
}

/**
 * Requires a plan with a feature.
 * @throws FeatureNotInPlan; when the plan has it, SpendingFrozen for `past_due` or PlanPaused
 */
export function requireFeature(user: Subscriber, feature: Feature, at: Date): Plan {
  const plan = checkFeature(planOf(user.subscription), feature, FEATURE_NAMES[feature])
  return unlessPaused(user, plan, at, (free) => free.features[feature])
}

/**
 * Checks a feature against a known plan.
 * @param title what was asked for, at the beginning of a sentence
 * @throws FeatureNotInPlan
 */
export function checkFeature(plan: Plan, feature: Feature, title: string): Plan {
  if (plan.features[feature]) return plan
  const having = plans.filter(({ features }) => features[feature]).map(({ name }) => name)
  throw new FeatureNotInPlan(feature, title, plan.name, having)
}

/** A usage limit as `spendCredits` and `placeHold` take it; it is checked and counted in the write of the spend. */
export function limitOf(user: Subscriber, limit: Limit, at: Date): UseLimit {
  const { limits } = effectivePlan(user.subscription)
  return { name: limit, max: limits[limit], resetsAt: limitsResetAt(user.subscription, at) }
}

export interface UsesLeft {
  used: number
  /** Infinity where there is no limit. */
  left: number
  resetsAt: Date
}

/**
 * How much of a limit is left, from the account's counter. Read-only: the write of the spend counts.
 * @param counted the account's count of that limit, if it has one
 */
export function usesLeft({ max, resetsAt }: UseLimit, counted: Counted, at: Date): UsesLeft {
  const current = counted && counted.resetsAt > at ? counted : { used: 0, resetsAt }
  return { used: current.used, left: Math.max(0, max - current.used), resetsAt: current.resetsAt }
}

/**
 * Requires that something is left of a limit.
 * @throws LimitReached when nothing is left
 */
export function checkUses(limit: UseLimit, counted: Counted, at: Date): UsesLeft {
  const uses = usesLeft(limit, counted, at)
  if (uses.left === 0) throw new LimitReached(limit.name, limit.max, uses.resetsAt)
  return uses
}

type Counted = { used: number; resetsAt: Date } | null

/** Whether a plan is at least as large as another. */
export const hasPlan = (plan: Plan, wanted: Plan): boolean => rankOf(plan) >= rankOf(wanted)

const rankOf = (plan: Plan): number => plans.findIndex(({ name }) => name === plan.name)

/** What Free includes is never paused. */
function unlessPaused(user: Subscriber, plan: Plan, at: Date, isFree: (free: Plan) => boolean): Plan {
  if (!isPaused(user, at) || isFree(planOf(null))) return plan
  // Credits can still be spent; only what the plan has beyond Free is paused.
  if (user.subscription?.status === 'paused') throw new PlanPaused(plan.name)
  throw new SpendingFrozen('past_due')
}
