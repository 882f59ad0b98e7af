import type { User } from '#models/user.server.ts'
import { type Limit, plans } from '../billing/plans.ts'
import { getBalance } from '../credits/balance.server.ts'
import { InsufficientCredits, LimitReached, SpendingFrozen } from '../credits/errors.ts'
import { logger } from '../log.server.ts'
import { FeatureNotInPlan, PlanPaused } from '../billing/errors.ts'
import { standingOf } from '../billing/plan-standing.ts'
import { type WayOut, waysOutOfFreeze, waysPastLimit, waysToCredits, waysToFeature } from './ways-out.ts'

/** A refusal to spend that has its ways out in `details.options`. */
export type Refusal = InsufficientCredits | SpendingFrozen | LimitReached | FeatureNotInPlan | PlanPaused

/** True for an error that says that credits may not be spent now, and why. */
export function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof InsufficientCredits ||
    error instanceof SpendingFrozen ||
    error instanceof LimitReached ||
    error instanceof FeatureNotInPlan ||
    error instanceof PlanPaused
  )
}

/**
 * Does something that spends credits; a refusal gets its ways out, each with its price, into its details.
 * @param user whose credits they are
 * @param spend what spends them
 * @returns what `spend` returns
 * @throws whatever `spend` throws
 */
export async function withWaysOut<T>(user: Pick<User, '_id' | 'subscription'>, spend: () => Promise<T>): Promise<T> {
  try {
    return await spend()
  } catch (error) {
    if (isRefusal(error)) error.details['options'] = await waysOutOf(user, error)
    throw error
  }
}

/** The refusal stands whatever happens here, so a failure to find its ways out only leaves them away. */
async function waysOutOf(user: Pick<User, '_id' | 'subscription'>, refusal: Refusal): Promise<WayOut[]> {
  if (refusal instanceof SpendingFrozen) return waysOutOfFreeze(refusal.reason)
  if (refusal instanceof PlanPaused) return [{ type: 'resume_plan', url: '/billing' }]
  if (refusal instanceof FeatureNotInPlan) return waysToFeature(refusal.feature)
  try {
    const { nextArrival } = await getBalance(user._id)
    const standing = standingOf(user.subscription, nextArrival)
    if (refusal instanceof InsufficientCredits) {
      return waysToCredits(refusal.required - refusal.available, standing)
    }
    const { limit, resetsAt } = refusal.details as { limit: string; resetsAt: string }
    return isLimit(limit) ? waysPastLimit(limit, new Date(resetsAt), standing) : []
  } catch (error) {
    logger.warn({ error }, 'the ways out of a refusal could not be found')
    return []
  }
}

const isLimit = (name: string): name is Limit => plans.some((plan) => Object.hasOwn(plan.limits, name))
