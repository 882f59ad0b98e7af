import type { User } from '#models/user.server.ts'
import { effectivePlan, limitsResetAt } from '../billing/entitlements/current-plan.ts'
import { requireFeature } from '../billing/entitlements/entitlements.ts'
import { now } from '../clock.server.ts'
import { withRefusalOptions } from './refusal-options.server.ts'
import type { PaidAction } from './registry.ts'
import { runAction } from './run-action.server.ts'
import type { ActionRunView } from './run-store.server.ts'

interface UserRun {
  action: PaidAction
  /** As sent; it is checked before anything else. */
  input: unknown
  /** The same key never runs or charges twice. */
  key: string
  /** Whose own spending caps count as well. */
  spender?: string
}

/**
 * Runs a paid action for a user, under the plan that the user has; a refusal carries its options.
 * @throws whatever {@link runAction} throws
 */
export async function runForUser(user: User, { action, input, key, spender }: UserRun): Promise<ActionRunView> {
  const { credits } = action.prepare(input)
  const { limit, feature } = action
  return withRefusalOptions(user, { credits, limit, feature }, async () => {
    if (feature) requireFeature(user, feature, now())
    return runAction({
      accountId: user._id,
      plan: effectivePlan(user.subscription),
      limitsResetAt: limitsResetAt(user.subscription, now()),
      ...{ action, input, key, spender },
    })
  })
}
