import { FeatureNotInPlan, PlanPaused } from '../billing/errors.ts'
import { InsufficientCredits, LimitReached, SpendingCapReached, SpendingFrozen } from '../credits/errors.ts'

/** A refusal to spend; `details.options` lists what the user can do. */
export type Refusal =
  InsufficientCredits | SpendingFrozen | SpendingCapReached | LimitReached | FeatureNotInPlan | PlanPaused

/** Whether an error says that credits may not be spent now. */
export function isRefusal(error: unknown): error is Refusal {
  return (
    error instanceof InsufficientCredits ||
    error instanceof SpendingFrozen ||
    error instanceof SpendingCapReached ||
    error instanceof LimitReached ||
    error instanceof FeatureNotInPlan ||
    error instanceof PlanPaused
  )
}
