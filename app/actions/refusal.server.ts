import type { User } from '#models/user.server.ts'
import { FeatureNotInPlan, PlanPaused } from '../billing/errors.ts'
import { InsufficientCredits, LimitReached, SpendingFrozen } from '../credits/errors.ts'
import { logger } from '../log.server.ts'
import { type WantedSpend, waysOutOf } from './refusal-options.server.ts'

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
 * @param wanted what it takes, so that only what then lets it through is said to be enough
 * @param spend what spends them
 * @returns what `spend` returns
 * @throws whatever `spend` throws
 */
export async function withWaysOut<T>(
  user: Pick<User, '_id' | 'subscription'>,
  wanted: WantedSpend,
  spend: () => Promise<T>,
): Promise<T> {
  try {
    return await spend()
  } catch (error) {
    if (isRefusal(error)) {
      // The refusal stands whatever happens here, so a failure to find its ways out only leaves them away.
      error.details['options'] = await waysOutOf(user, error, wanted).catch((failure: unknown) => {
        logger.warn({ error: failure }, 'the ways out of a refusal could not be found')
        return []
      })
    }
    throw error
  }
}
