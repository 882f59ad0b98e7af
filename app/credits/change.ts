import type { CapRecord, CreditAccount, LogEntry } from '#models/credit-account.server.ts'
import { BALANCE_MAX } from './credits.ts'
import { InvalidCredits } from './errors.ts'
import type { AccountFilter, AccountUpdate } from './store.server.ts'

/** Caps that keep the document small whatever else fails. */
export const PENDING_MAX = 1024
export const HOLDS_MAX = 100
export const GRANTS_MAX = 500

/** What one operation does to an account, in one write. */
export interface Change {
  /** Entries to append to the log. */
  entries: LogEntry[]
  /** Added to `credits` and to `held`; together they are the sum of the entries' amounts. */
  credits: number
  held?: number
  addHold?: CreditAccount['holds'][number]
  removeHold?: string
  /** Brings `nextChange` forward to this time. */
  wakeAt?: Date
  /** Replaces `nextChange`: only for the tick, which computes it from all grants. */
  nextChange?: Date
  /** Counts one use of a plan limit, or takes one back. */
  count?: { limit: string; by: 1 | -1 }
  /** Added to what these spending caps count. */
  capped?: CapRecord<number>
}

/**
 * Builds the update of a change. Amounts enter a write only here, so they are checked only here.
 * @param options `version`: the new one; none for a spend, which leaves it alone. `marksLog`: marks the log for
 * the job that posts it; not needed where it is known to be marked
 * @throws InvalidCredits for anything but whole credits; Error when entries and sums contradict each other
 */
export function toUpdate(
  change: Change,
  { version, marksLog = true }: { version?: string; marksLog?: boolean } = {},
): AccountUpdate {
  const held = change.held ?? 0
  const posted = change.entries.reduce((sum, entry) => sum + entry.amount, 0)
  const capped = Object.entries((change.capped ?? {}) as Record<string, number>)
  const amounts = [...change.entries.map((entry) => entry.amount), ...capped.map(([, counted]) => counted)]
  for (const credits of [change.credits, held, ...amounts]) {
    if (!Number.isSafeInteger(credits) || Math.abs(credits) > BALANCE_MAX) {
      throw new InvalidCredits('Credits must be whole numbers.')
    }
  }
  if (posted !== change.credits + held) throw new Error('A change must move what its entries say')
  const set = {
    ...(version && { version }),
    ...(change.nextChange && { nextChange: change.nextChange }),
  }
  // Built by hand: the driver would send undefined fields as null.
  const update: Record<string, unknown> = {
    $inc: {
      credits: change.credits,
      ...(held !== 0 && { held }),
      ...(change.count && { [`limits.${change.count.limit}.used`]: change.count.by }),
      ...Object.fromEntries(capped.map(([period, counted]) => [`spendingCaps.${period}.used`, counted])),
    },
    $push: {
      pending: { $each: change.entries.map(withoutUndefined) },
      ...(change.addHold && { holds: change.addHold }),
    },
  }
  if (Object.keys(set).length) update['$set'] = set
  const loggedSince = marksLog ? change.entries[0]?.at : undefined
  const min = { ...(change.wakeAt && { nextChange: change.wakeAt }), ...(loggedSince && { loggedSince }) }
  if (Object.keys(min).length) update['$min'] = min
  if (change.removeHold !== undefined) update['$pull'] = { holds: { id: change.removeHold } }
  return update
}

/**
 * The filter that every write shares: this account as it was read, without these keys in its log, and with room for the
 * entries.
 */
export function toFilter(
  account: { _id: CreditAccount['_id']; version: string },
  entries: readonly LogEntry[],
): AccountFilter {
  const keys = entries.map((entry) => entry.key)
  return {
    _id: account._id,
    version: account.version,
    'pending.key': keys.length === 1 ? { $ne: keys[0] } : { $nin: keys },
    [`pending.${PENDING_MAX - entries.length}`]: { $exists: false },
  }
}

const withoutUndefined = <T extends object>(value: T): T =>
  Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as T
