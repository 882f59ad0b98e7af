import type { User } from '#models/user.server.ts'
import { now } from './clock.server.ts'
import { config } from './config.server.ts'
import type { Balance } from './credits/balance.server.ts'
import { type Standing, standingOf } from './standing.ts'

/** What the pages say about a user's plan and its state, now. */
export function standingNow(
  { subscription, timeZone }: Pick<User, 'subscription' | 'timeZone'>,
  { credits, frozen }: Pick<Balance, 'credits' | 'frozen'>,
): Standing {
  const { gracePeriodDays } = config()
  return standingOf(subscription, { now: now(), timeZone, gracePeriodDays, credits, frozen })
}
