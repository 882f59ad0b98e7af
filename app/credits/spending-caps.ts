import type { CapName, CapPeriod, CapRecord, CreditAccount, SpendingCap } from '#models/credit-account.server.ts'
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

/** The name of a cap of the account, or of one spender: an id of letters and digits, since it is part of a field's name. */
export function capName(period: CapPeriod, spender?: string): CapName {
  if (spender !== undefined && !/^[A-Za-z0-9]+$/.test(spender)) throw new Error(`${spender} cannot have a cap`)
  return spender === undefined ? period : `${period}_${spender}`
}

/** The period of a cap, and whose it is; undefined for the whole account. */
export function partsOf(name: CapName): { period: CapPeriod; spender: string | undefined } {
  const [period, spender] = name.split('_') as [CapPeriod, string | undefined]
  return { period, spender }
}

/** The caps of an account whose period has ended, each at the start of its next period. */
export function renewedCaps(caps: Caps, at: Date): CapRecord<SpendingCap> {
  const ended = entriesOf(caps).filter(([, cap]) => cap.resetsAt <= at)
  return recordOf(
    ended.map(([name, cap]) => [name, { ...cap, used: 0, resetsAt: periodEnd(partsOf(name).period, at) }]),
  )
}

/** The caps that a spender must keep: those of the account, and the spender's own. */
export const capsFor = (caps: Caps, spender: string | undefined): CapRecord<SpendingCap> =>
  recordOf(
    entriesOf(caps).filter(([name]) => {
      const { spender: owner } = partsOf(name)
      return owner === undefined || owner === spender
    }),
  )

/** Whether a spender has a cap that others do not have: then its spends share no write with theirs. */
export const hasOwnCap = (caps: Caps, spender: string | undefined): boolean =>
  spender !== undefined && entriesOf(caps).some(([name]) => partsOf(name).spender === spender)

/**
 * Decides from one read whether caps allow a spend or a hold.
 * @throws SpendingCapReached with the cap that resets last, of those that do not
 */
export function checkCaps(caps: Caps, credits: number): void {
  const reached = entriesOf(caps)
    .filter(([, { used, max }]) => used + credits > max)
    .sort(([, a], [, b]) => b.resetsAt.getTime() - a.resetsAt.getTime())[0]
  if (reached) throw new SpendingCapReached({ ...partsOf(reached[0]), ...reached[1], credits })
}

/**
 * Part of the filter of a write that spends or holds credits: every cap is in its period and has room for them. The same
 * write counts them, so no two callers pass a cap at once.
 * @param caps those of the spender, as of the version in the filter, which every change of caps renews
 */
export function capFilter(caps: Caps, credits: number, at: Date): AccountFilter {
  const parts = entriesOf(caps).map(([name, { max }]) => ({
    [`spendingCaps.${name}.used`]: { $lte: max - credits },
    [`spendingCaps.${name}.resetsAt`]: { $gt: at },
  }))
  return Object.assign({}, ...parts) as AccountFilter
}

/** What that write adds to the count of each cap. */
export const capCounts = (caps: Caps, credits: number): CapRecord<number> =>
  recordOf(entriesOf(caps).map(([name]) => [name, credits]))

/** When the periods end in which a hold is counted. */
export const countedUntil = (caps: Caps): CapRecord<Date> =>
  recordOf(entriesOf(caps).map(([name, { resetsAt }]) => [name, resetsAt]))

/** What a hold gives back to the caps that still count it. */
export function uncounted(caps: Caps, counted: CapRecord<Date> = {}, released: number): CapRecord<number> {
  const counting = entriesOf(caps).filter(([name, cap]) => counted[name]?.getTime() === cap.resetsAt.getTime())
  return released === 0 ? {} : capCounts(recordOf(counting), -released)
}

const entriesOf = (caps: Caps) => Object.entries(caps ?? {}) as [CapName, SpendingCap][]
const recordOf = <T>(entries: [CapName, T][]) => Object.fromEntries(entries) as CapRecord<T>
