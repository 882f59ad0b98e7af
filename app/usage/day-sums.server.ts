import type { Types } from 'mongoose'
import type { CreditAccount, EntryKind } from '#models/credit-account.server.ts'
import { type CreditDay, creditDays } from '#models/credit-day.server.ts'
import { creditEntries } from '#models/credit-entry.server.ts'
import { API_ACTION } from '../actions/api-request.server.ts'
import type { EntryFilter } from '../credits/ledger.server.ts'
import { FURTHER_ACTIONS, QUARTER_MS, type SummedRow, utcDay } from '../credits/quarter-sums.ts'
import { readRows, sumDays } from '../credits/sum-days.server.ts'
import { logger } from '../log.server.ts'
import type { DaySums } from './chart.ts'
import { type Day, dayFinder, dayIn } from './days.ts'

/** A day's sums and their total, signed. */
interface DayTotals extends DaySums {
  net: number
}

interface Sum {
  day: Day
  kind: EntryKind
  gained: number
  lost: number
  actions: { action: string; lost: number }[]
}

type Summed = Pick<CreditAccount, '_id' | 'posted' | 'pending' | 'summed'>
type Filter = EntryFilter & { from: Date }

const TIME_LIMIT_MS = 5_000
/** Of a UTC day. */
const QUARTERS = 96
/** Per day. The others still count in the day's sums. */
const ACTIONS_MAX = 20
/** Posted entries that are not in the stored sums yet and are added one by one; beyond it the ledger is summed instead. */
const ROWS_MAX = 5_000

/**
 * Sums what moved on each day: from the stored sums of quarter hours, the posted entries that they lack, and the account's
 * log. Each entry counts once; entries that came since the account was read may count already.
 * @param filter which entries; `from` limits the read
 */
export async function sumByDay(account: Summed, filter: Filter, timeZone: string): Promise<Map<Day, DayTotals>> {
  return totalsOf((await storedSums(account, filter, timeZone)) ?? (await ledgerSums(account, filter, timeZone)))
}

/** @returns null if the stored sums cannot answer */
async function storedSums(account: Summed, filter: Filter, timeZone: string): Promise<Sum[] | null> {
  const { _id: accountId, posted, summed = 0 } = account
  if (posted - summed > ROWS_MAX) {
    // A page must not wait for a long ledger, such as that of an earlier version; a later one finds the sums.
    void sumInBackground(accountId)
    return null
  }
  if (!isQuarter(filter.from) || (filter.to && !isQuarter(filter.to))) return null
  const [days, rows] = await Promise.all([
    readDays(accountId, filter),
    summed < posted ? readRows(accountId, summed, posted) : [],
  ])
  const isHidden = filter.action !== undefined && days.some(({ sums }) => sums.some(isOfFurtherActions))
  if (isHidden) return null
  const upTo = new Map(days.map((day) => [day.day.getTime(), day.upTo]))
  // A day may have been summed since the account was read.
  const single = [...rows, ...loggedRows(account)].filter(({ seq, at }) => seq >= (upTo.get(utcDay(at).getTime()) ?? 0))
  return [...sumsOfQuarters(days, filter, timeZone), ...sumsOfRows(single, filter, timeZone)]
}

/** Accounts that this process sums for later pages: a page that is loaded again must not start it again. */
const summing = new Set<string>()

async function sumInBackground(accountId: Types.ObjectId): Promise<void> {
  const id = accountId.toHexString()
  if (summing.has(id)) return
  summing.add(id)
  try {
    await sumDays(accountId)
  } catch (error) {
    logger.warn({ err: error, accountId }, 'The sums of days could not be updated; the next page tries again')
  } finally {
    summing.delete(id)
  }
}

const isQuarter = (at: Date): boolean => at.getTime() % QUARTER_MS === 0

const isOfFurtherActions = ({ action }: { action?: string }): boolean => action === FURTHER_ACTIONS

function readDays(accountId: Types.ObjectId, { from, to }: Filter): Promise<CreditDay[]> {
  return creditDays()
    .find({ accountId, day: { $gte: utcDay(from), ...(to && { $lt: to }) } })
    .maxTimeMS(TIME_LIMIT_MS)
    .toArray()
}

const loggedRows = ({ pending, posted }: Summed): SummedRow[] =>
  pending.map((entry, index) => ({ ...entry, seq: posted + index }))

function sumsOfQuarters(days: CreditDay[], { from, to, kinds, action }: Filter, timeZone: string): Sum[] {
  if (days.length === 0) return []
  const times = days.map(({ day }) => day.getTime())
  const start = Math.max(from.getTime(), Math.min(...times))
  const end = Math.min(to?.getTime() ?? Infinity, Math.max(...times) + QUARTERS * QUARTER_MS)
  const dayOf = dayFinder(new Date(start), new Date(end), timeZone)
  return days.flatMap(({ day, sums }) => {
    const dayAt = Array.from({ length: QUARTERS }, (_, quarter) => dayOf(day.getTime() + quarter * QUARTER_MS))
    return sums.flatMap((part) => {
      const { kind, quarters, gained, lost } = part
      if (kinds && !kinds.includes(kind)) return []
      if (action !== undefined && part.action !== action) return []
      const byDay = new Map<Day, Sum>()
      quarters.forEach((quarter, place) => {
        const at = day.getTime() + quarter * QUARTER_MS
        if (at < start || at >= end) return
        const local = dayAt[quarter] ?? ''
        const sum = byDay.get(local) ?? { day: local, kind, gained: 0, lost: 0, actions: [] }
        byDay.set(local, sum)
        sum.gained += gained[place] ?? 0
        sum.lost += lost[place] ?? 0
      })
      const named = isOfFurtherActions(part) ? null : (part.action ?? API_ACTION)
      return [...byDay.values()].map((sum) =>
        named === null ? sum : { ...sum, actions: [{ action: named, lost: sum.lost }] },
      )
    })
  })
}

function sumsOfRows(rows: SummedRow[], { from, to, kinds, action }: Filter, timeZone: string): Sum[] {
  return rows
    .filter(
      (row) =>
        row.at >= from &&
        (!to || row.at < to) &&
        (!kinds || kinds.includes(row.kind)) &&
        (action === undefined || row.action === action),
    )
    .map(({ at, kind, amount, action = API_ACTION }) => ({
      day: dayIn(at, timeZone),
      kind,
      gained: Math.max(amount, 0),
      lost: Math.max(-amount, 0),
      actions: [{ action, lost: Math.max(-amount, 0) }],
    }))
}

/** The sums of the ledger itself and of the log. */
async function ledgerSums(account: Summed, filter: Filter, timeZone: string): Promise<Sum[]> {
  const { from, to, kinds, action } = filter
  // In the name of a zone, case matters to the database and not to `Intl`.
  const zone = new Intl.DateTimeFormat('en', { timeZone }).resolvedOptions().timeZone
  const stages = [
    {
      $match: {
        accountId: account._id,
        seq: { $lt: account.posted },
        at: { $gte: from, ...(to && { $lt: to }) },
        ...(kinds && { kind: { $in: kinds } }),
        ...(action !== undefined && { action }),
      },
    },
    {
      $group: {
        _id: {
          day: { $dateToString: { format: '%Y-%m-%d', date: '$at', timezone: zone } },
          kind: '$kind',
          action: { $ifNull: ['$action', API_ACTION] },
        },
        gained: { $sum: { $max: ['$amount', 0] } },
        lost: { $sum: { $max: [{ $multiply: ['$amount', -1] }, 0] } },
      },
    },
    {
      $group: {
        _id: { day: '$_id.day', kind: '$_id.kind' },
        gained: { $sum: '$gained' },
        lost: { $sum: '$lost' },
        actions: {
          $topN: { n: ACTIONS_MAX, sortBy: { lost: -1 }, output: { action: '$_id.action', lost: '$lost' } },
        },
      },
    },
    { $project: { _id: 0, day: '$_id.day', kind: '$_id.kind', gained: 1, lost: 1, actions: 1 } },
  ]
  const hint = action === undefined ? { accountId: 1, seq: -1 } : { accountId: 1, action: 1, seq: -1 }
  const options = { hint, maxTimeMS: TIME_LIMIT_MS }
  const posted = await creditEntries().aggregate<Sum>(stages, options).toArray()
  return [...posted, ...sumsOfRows(loggedRows(account), filter, timeZone)]
}

function totalsOf(sums: Sum[]): Map<Day, DayTotals> {
  const days = new Map<Day, DayTotals & { byAction: Map<string, number> }>()
  for (const { day, kind, gained, lost, actions } of sums) {
    const totals = days.get(day) ?? { spent: 0, byAction: new Map<string, number>(), granted: 0, removed: 0, net: 0 }
    totals.granted += gained
    totals.net += gained - lost
    if (kind === 'spend' || kind === 'capture') {
      totals.spent += lost
      for (const { action, lost: part } of actions) {
        totals.byAction.set(action, (totals.byAction.get(action) ?? 0) + part)
      }
    } else {
      totals.removed += lost
    }
    days.set(day, totals)
  }
  return days
}
