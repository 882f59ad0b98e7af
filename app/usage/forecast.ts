import type { Grant } from '#models/credit-account.server.ts'
import { burnOrder } from '../credits/fold.ts'

const DAY_MS = 86_400_000
/** A forecast further ahead would only pretend to know. */
const DAYS_MAX = 365

/**
 * When credits run out at a pace: they burn day by day in burn order, expire when they expire, and those that start later
 * count from then on. A renewal is not counted.
 * @param grants as of now, with what is left of each
 * @param perDay credits a day; fractions are fine
 * @returns null if they last for a year, or nothing is spent
 */
export function runsOutAt(grants: readonly Grant[], perDay: number, now: Date): Date | null {
  if (perDay <= 0) return null
  const lots = grants.filter(({ expired }) => !expired).map((grant) => ({ grant, left: leftOf(grant) }))
  lots.sort((one, other) => burnOrder(one.grant, other.grant))
  for (let day = 0; day < DAYS_MAX; day++) {
    const at = now.getTime() + day * DAY_MS
    const usable = lots.filter(
      ({ grant, left }) =>
        left > 0 && grant.expiresAt.getTime() > at && (grant.started || grant.effectiveAt.getTime() <= at),
    )
    let needed = perDay
    for (const lot of usable) {
      const taken = Math.min(lot.left, needed)
      lot.left -= taken
      needed -= taken
    }
    // A remainder of a fraction is none.
    if (needed > 1e-6) return new Date(at + DAY_MS * (1 - needed / perDay))
  }
  return null
}

/** Of a grant that has not started, all of it. */
const leftOf = ({ started, remaining, granted }: Grant): number => (started ? remaining : granted)

/** The cheapest pack that covers a need; if none does, the largest. Null if none is for sale. */
export function cheapestPack<P extends { credits: number; price: { amount: number } }>(
  packs: readonly P[],
  credits: number,
): P | null {
  const enough = packs.filter((pack) => pack.credits >= credits)
  const byPrice = [...enough].sort((one, other) => one.price.amount - other.price.amount)
  const bySize = [...packs].sort((one, other) => other.credits - one.credits)
  return byPrice[0] ?? bySize[0] ?? null
}
