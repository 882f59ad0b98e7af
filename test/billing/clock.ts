import { afterEach, beforeEach } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import type { User } from '#models/user.server.ts'
import { readUser } from './scenario.ts'
import type { StripeForTests } from './stripe.ts'

const DAY = 86_400

/** The app's clock follows the sandbox's, as in local mode. */
export const follow = ({ sandbox }: StripeForTests): void => setNow(() => new Date(sandbox.now() * 1000))

/** Call at the top of a test file: the app's clock follows the sandbox's in each of its tests. */
export function useSandboxClock(context: StripeForTests): void {
  beforeEach(() => follow(context))
  afterEach(() => setNow(null))
}

/** Moves both clocks. */
export function advance(context: StripeForTests, days: number): void {
  context.sandbox.advance(days * DAY)
  follow(context)
}

/** Moves both clocks to some hours after the period's end, when its invoice is paid and no grace period is over. */
export async function advanceToRenewal(context: StripeForTests, { _id }: Pick<User, '_id'>): Promise<void> {
  const { currentPeriodEnd } = (await readUser(_id)).subscription!
  context.sandbox.advance(currentPeriodEnd!.getTime() / 1000 - context.sandbox.now() + DAY / 4)
  follow(context)
}
