import type { User } from '#models/user.server.ts'
import { renewsAt } from '../billing/entitlements/current-plan.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import type { Balance } from '../credits/balance.server.ts'
import { lossesAhead } from '../credits/losses.ts'
import { type PlanStatus, planStatusOf } from './plan-status.ts'

/** What pages say about a user's plan now. */
export function currentPlanStatus(
  { subscription, timeZone }: Pick<User, 'subscription' | 'timeZone'>,
  { credits, frozen, grants, debt }: Pick<Balance, 'credits' | 'frozen' | 'grants' | 'debt'>,
): PlanStatus {
  const { gracePeriodDays } = config()
  const at = now()
  const losses = lossesAhead({ grants, debt }, { now: at, renewsAt: renewsAt(subscription, at) })
  return planStatusOf(subscription, { now: at, timeZone, gracePeriodDays, credits, frozen, losses })
}
