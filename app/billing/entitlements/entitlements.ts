import { limitsResetAt, effectivePlan, planOf, type SubscriptionSnapshot } from './current-plan.ts'
import { LimitReached, SpendingFrozen } from '../../credits/errors.ts'
import type { UseLimit } from '../../credits/limits.server.ts'
import { FeatureNotInPlan, PlanPaused, PlanTooSmall } from '../errors.ts'
import { type Feature, findPlan, type Limit, type Plan, plans } from '../plans.ts'
import { isOverdue } from '../subscriptions/subscription-state.ts'

/*
 * What somebody's plan lets them do. Pure: it is decided by what is stored, and no page load asks Stripe.
 *
 * A failed payment takes nothing away until its grace period is over; then paid features pause, as spending does, and the
 * answer says that the card is the way out and not another plan.
 */

/** Of a user, what decides that; nobody's subscription is the free plan. */
export interface Subscriber {
  subscription?: (SubscriptionSnapshot & { gracePeriodEnd?: Date | null }) | null
}

/** What a feature is called in a sentence that begins with it. */
export const FEATURE_NAMES: Record<Feature, string> = {
  svgExport: 'SVG export',
  apiAccess: 'API access',
  prioritySupport: 'Priority support',
}

/** What a plan has and Free has not, as it reads within a sentence. */
export function featuresBeyondFree(name: string): string[] {
  const [plan, free] = [findPlan(name), planOf(null)]
  const names = Object.entries(FEATURE_NAMES) as [Feature, string][]
  return names
    .filter(([feature]) => plan?.features[feature] && !free.features[feature])
    .map(([, title]) => (/^[A-Z][a-z]/.test(title) ? title[0]!.toLowerCase() + title.slice(1) : title))
}

/** A payment is owed and the time to pay it has passed, or the subscription is paused: what is paid for waits. */
export function isPaused({ subscription }: Subscriber, at: Date): boolean {
  if (!subscription?.stripeSubscriptionId) return false
  const { status, gracePeriodEnd } = subscription
  if (status === 'paused' || status === 'unpaid') return true
  return isOverdue(status) && Boolean(gracePeriodEnd && gracePeriodEnd <= at)
}

/**
 * Lets through whose plan is at least as large as another, in the order of the plan file.
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
 * Lets through whose plan has a feature.
 * @throws FeatureNotInPlan; when the plan has it, SpendingFrozen for `past_due` or PlanPaused
 */
export function requireFeature(user: Subscriber, feature: Feature, at: Date): Plan {
  const plan = checkFeature(planOf(user.subscription), feature, FEATURE_NAMES[feature])
  return unlessPaused(user, plan, at, (free) => free.features[feature])
}

/**
 * The check of a feature against a plan that is already known.
 * @param title what was asked for, at the beginning of a sentence
 * @throws FeatureNotInPlan
 */
export function checkFeature(plan: Plan, feature: Feature, title: string): Plan {
  if (plan.features[feature]) return plan
  const having = plans.filter(({ features }) => features[feature]).map(({ name }) => name)
  throw new FeatureNotInPlan(feature, title, plan.name, having)
}

/** A limit as a spend counts it: `spendCredits` and `placeHold` take it, and no two callers pass it at once. */
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
 * How much of a limit is left, from the account's own count. It only looks: what counts is the write of the spend.
 * @param counted the account's count of that limit, if it has one
 */
export function usesLeft({ max, resetsAt }: UseLimit, counted: Counted, at: Date): UsesLeft {
  const current = counted && counted.resetsAt > at ? counted : { used: 0, resetsAt }
  return { used: current.used, left: Math.max(0, max - current.used), resetsAt: current.resetsAt }
}

/**
 * The same for what may only be done while something is left.
 * @throws LimitReached when nothing is left
 */
export function checkUses(limit: UseLimit, counted: Counted, at: Date): UsesLeft {
  const uses = usesLeft(limit, counted, at)
  if (uses.left === 0) throw new LimitReached(limit.name, limit.max, uses.resetsAt)
  return uses
}

type Counted = { used: number; resetsAt: Date } | null

/** A plan is as large as another, or larger. */
export const hasPlan = (plan: Plan, wanted: Plan): boolean => rankOf(plan) >= rankOf(wanted)

const rankOf = (plan: Plan): number => plans.findIndex(({ name }) => name === plan.name)

/** What Free has too is nobody's to take away. */
function unlessPaused(user: Subscriber, plan: Plan, at: Date, isFree: (free: Plan) => boolean): Plan {
  if (!isPaused(user, at) || isFree(planOf(null))) return plan
  // Credits can be spent then; only what the plan has beyond Free waits.
  if (user.subscription?.status === 'paused') throw new PlanPaused(plan.name)
  throw new SpendingFrozen('past_due')
}
