import { FeatureNotInPlan, PlanPaused } from '../billing/errors.ts'
import { InsufficientCredits, LimitReached, SpendingFrozen } from '../credits/errors.ts'

/** A refusal to spend; `details.options` say what the user can do about it. */
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
