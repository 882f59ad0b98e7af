import type { Types } from 'mongoose'
import { type CreditAccount, creditAccounts, type EntryKind } from '#models/credit-account.server.ts'
import { creditEntries } from '#models/credit-entry.server.ts'
import { API_ACTION } from '../actions/api-request.server.ts'
import type { EntryFilter } from '../credits/ledger.server.ts'
import type { DaySums } from './chart.ts'
import { type Day, dayIn } from './days.ts'

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

const TIME_LIMIT_MS = 5_000
/** Per day, since programs may name a new action in every call. The others still count in the day's sums. */
const ACTIONS_MAX = 20

type Filter = EntryFilter & { from: Date }

/**
 * Sums what moved on each day, in the ledger and in the account's log. Exact at one moment: the account is read first, and
 * rows below its `posted` never change.
 * @param filter which entries; `from` limits the read
 */
export async function sumByDay(
  accountId: Types.ObjectId,
  filter: Filter,
  timeZone: string,
): Promise<Map<Day, DayTotals>> {
  const account = await creditAccounts().findOne(
    { _id: accountId },
    { projection: { posted: 1, pending: 1 }, maxTimeMS: TIME_LIMIT_MS },
  )
  if (!account) return new Map()
  const posted = await postedSums(account, filter, timeZone)
  return totalsOf([...posted, ...loggedSums(account, filter, timeZone)])
}

async function postedSums(account: CreditAccount, { from, to, kinds, action }: Filter, timeZone: string) {
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
  // On a long ledger with few matches the planner would try slower indexes first.
  const options = { hint: { accountId: 1, at: -1 }, maxTimeMS: TIME_LIMIT_MS }
  return creditEntries().aggregate<Sum>(stages, options).toArray()
}

function loggedSums({ pending }: CreditAccount, { from, to, kinds, action }: Filter, timeZone: string): Sum[] {
  return pending
    .filter(
      (entry) =>
        entry.at >= from &&
        (!to || entry.at < to) &&
        (!kinds || kinds.includes(entry.kind)) &&
        (action === undefined || entry.action === action),
    )
    .map(({ at, kind, amount, action = API_ACTION }) => ({
      day: dayIn(at, timeZone),
      kind,
      gained: Math.max(amount, 0),
      lost: Math.max(-amount, 0),
      actions: [{ action, lost: Math.max(-amount, 0) }],
    }))
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
