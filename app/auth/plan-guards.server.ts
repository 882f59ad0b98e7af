import { redirect } from '@remix-run/node'
import type { User } from '#models/user.server.ts'
import { FeatureNotInPlan, PlanPaused, PlanTooSmall } from '../billing/errors.ts'
import { requireUser, wayBack } from './require-user.server.ts'
import { now } from '../clock.server.ts'
import { SpendingFrozen } from '../credits/errors.ts'
import { readUses } from '../credits/limits.server.ts'
import { limitOf, requireFeature, requirePlan, type UsesLeft, checkUses } from '../billing/entitlements/entitlements.ts'
import type { Feature, Limit } from '../billing/plans.ts'
import { withSearch } from '../with-search.ts'

/*
 * The guards of pages, each also a log-in guard. The API uses the functions of entitlements.ts and turns what they throw into
 * JSON.
 */

/**
 * Guards a page that needs a feature. Call it in the loader and in the action.
 * @throws a redirect to the log-in, to the plans with the feature, or to billing if the plan is not paid
 */
export async function requirePageFeature(request: Request, feature: Feature): Promise<User> {
  const user = await requireUser(request)
  orElsewhere(request, () => requireFeature(user, feature, now()))
  return user
}

/** Guards a page that needs a plan, or a larger one. */
export async function requirePagePlan(request: Request, plan: string): Promise<User> {
  const user = await requireUser(request)
  orElsewhere(request, () => requirePlan(user, plan, now()))
  return user
}

/**
 * How often something may still be done in this period. It only checks; `spendCredits` and `placeHold` count, given
 * `limitOf(user, limit, now())`.
 * @throws LimitReached
 */
export async function checkLimit(user: Pick<User, '_id' | 'subscription'>, limit: Limit): Promise<UsesLeft> {
  return checkUses(limitOf(user, limit, now()), await readUses(user._id, limit), now())
}

function orElsewhere(request: Request, check: () => unknown): void {
  try {
    check()
  } catch (error) {
    const redirectTo = wayBack(request)
    if (error instanceof FeatureNotInPlan) throw upgrade({ feature: error.feature, redirectTo })
    if (error instanceof PlanTooSmall) throw upgrade({ plan: error.required, redirectTo })
    // The banner there says why, and has the button for the card.
    if (error instanceof SpendingFrozen || error instanceof PlanPaused) throw redirect('/billing')
    throw error
  }
}

const upgrade = (search: Record<string, string>): Response => redirect(withSearch('/billing/upgrade', search))
