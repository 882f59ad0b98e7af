import type { CapPeriod, CreditAccount, SpendingCap } from '#models/credit-account.server.ts'
import { SpendingCapReached } from './errors.ts'
import type { AccountFilter } from './store.server.ts'

type Caps = CreditAccount['spendingCaps']

/** The start of the UTC day or month that a moment is in. */
export function periodStart(period: CapPeriod, at: Date): Date {
  const day = period === 'day' ? at.getUTCDate() : 1
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), day))
}

/** The end of that day or month: when a cap resets. */
export function periodEnd(period: CapPeriod, at: Date): Date {
  const start = periodStart(period, at)
  if (period === 'day') start.setUTCDate(start.getUTCDate() + 1)
  else start.setUTCMonth(start.getUTCMonth() + 1)
  return start
}

/** The caps of an account whose period has ended, each at the start of its next period. */
export function renewedCaps(caps: Caps, at: Date): NonNullable<Caps> {
  const ended = entriesOf(caps).filter(([, cap]) => cap.resetsAt <= at)
  return Object.fromEntries(
    ended.map(([period, cap]) => [period, { ...cap, used: 0, resetsAt: periodEnd(period, at) }]),
  )
}

/**
 * Decides from one read whether the caps allow a spend or a hold.
 * @throws SpendingCapReached with the cap that resets last, of those that do not
 */
export function checkCaps(caps: Caps, credits: number): void {
  const reached = entriesOf(caps)
    .filter(([, { used, max }]) => used + credits > max)
    .sort(([, a], [, b]) => b.resetsAt.getTime() - a.resetsAt.getTime())[0]
  if (reached) throw new SpendingCapReached({ period: reached[0], ...reached[1], credits })
}

/**
 * Part of the filter of a write that spends or holds credits: every cap is in its period and has room for them. The same
 * write counts them, so no two callers pass a cap at once.
 * @param caps as of the version in the filter, which every change of caps renews
 */
export function capFilter(caps: Caps, credits: number, at: Date): AccountFilter {
  const parts = entriesOf(caps).map(([period, { max }]) => ({
    [`spendingCaps.${period}.used`]: { $lte: max - credits },
    [`spendingCaps.${period}.resetsAt`]: { $gt: at },
  }))
  return Object.assign({}, ...parts) as AccountFilter
}

/** What that write adds to the count of each cap. */
export function capCounts(caps: Caps, credits: number): Partial<Record<CapPeriod, number>> | undefined {
  const periods = entriesOf(caps).map(([period]) => [period, credits])
  return periods.length > 0 ? (Object.fromEntries(periods) as Partial<Record<CapPeriod, number>>) : undefined
}

/** When the periods end in which a hold is counted. */
export function countedUntil(caps: Caps): Partial<Record<CapPeriod, Date>> | undefined {
  const ends = entriesOf(caps).map(([period, { resetsAt }]) => [period, resetsAt])
  return ends.length > 0 ? (Object.fromEntries(ends) as Partial<Record<CapPeriod, Date>>) : undefined
}

/** What a hold gives back to the caps that still count it. */
export function uncounted(
  caps: Caps,
  counted: Partial<Record<CapPeriod, Date>> | undefined,
  released: number,
): Partial<Record<CapPeriod, number>> | undefined {
  if (!counted || released === 0) return undefined
  const counting = entriesOf(caps).filter(([period, cap]) => counted[period]?.getTime() === cap.resetsAt.getTime())
  return capCounts(Object.fromEntries(counting), -released)
}

const entriesOf = (caps: Caps) => Object.entries(caps ?? {}) as [CapPeriod, SpendingCap][]
