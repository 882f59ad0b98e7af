import { afterEach, beforeEach } from 'vitest'
import { setNow } from '#app/clock.server.ts'
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
