import { CreditsUnavailable } from '../credits/errors.ts'

const ROUNDS_MAX = 8

/**
 * Repeats a step until nothing changed while it ran: what a step read may be old by the time it writes.
 * @param step returns its result, or 'again' when something changed meanwhile
 * @param what changes, for the error: "The refunds"
 * @throws CreditsUnavailable after {@link ROUNDS_MAX} rounds; the caller's event or request is safe to repeat
 */
export async function untilStable<T>(what: string, step: () => Promise<T | 'again'>): Promise<T> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const result = await step()
    if (result !== 'again') return result
  }
  throw new CreditsUnavailable(new Error(`${what} changed in each of ${ROUNDS_MAX} rounds`))
}
