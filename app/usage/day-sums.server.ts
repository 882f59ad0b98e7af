import type { mongo, Types } from 'mongoose'
import { type CreditAccount, CreditAccountModel, type EntryKind } from '#models/credit-account.server.ts'
import { type CreditEntry, CreditEntryModel } from '#models/credit-entry.server.ts'
import type { EntryFilter } from '../credits/ledger.server.ts'
import type { DaySums } from './chart.ts'
import { type Day, dayIn } from './days.ts'

/** A day's sums with what they come to together, signed. */
export interface DayTotals extends DaySums {
  net: number
}

interface Sum {
  day: Day
  kind: EntryKind
  gained: number
  lost: number
}

const accounts = () => CreditAccountModel.collection as unknown as mongo.Collection<CreditAccount>
const entries = () => CreditEntryModel.collection as unknown as mongo.Collection<CreditEntry>

const TIME_LIMIT_MS = 5_000

/**
 * Sums what moved on each day, in the ledger and in what still stands in the log. Exact at one moment: the account is
 * read first, and rows below its `posted` never change.
 * @param filter which entries; `from` is needed, so that the read has an end
 * @param timeZone whose days
 */
export async function sumByDay(
  accountId: Types.ObjectId,
  filter: EntryFilter & { from: Date },
  timeZone: string,
): Promise<Map<Day, DayTotals>> {
  const account = await accounts().findOne(
    { _id: accountId },
    { projection: { posted: 1, pending: 1 }, maxTimeMS: TIME_LIMIT_MS },
  )
  if (!account) return new Map()
  const { from, to, kinds, action } = filter
  const posted = await entries()
    .aggregate<Sum>(
      [
        {
          $match: {
            accountId,
            seq: { $lt: account.posted },
            at: { $gte: from, ...(to && { $lt: to }) },
            ...(kinds && { kind: { $in: kinds } }),
            ...(action !== undefined && { action }),
          },
        },
        {
          $group: {
            _id: { day: { $dateToString: { format: '%Y-%m-%d', date: '$at', timezone: timeZone } }, kind: '$kind' },
            gained: { $sum: { $max: ['$amount', 0] } },
            lost: { $sum: { $min: ['$amount', 0] } },
          },
        },
        { $project: { _id: 0, day: '$_id.day', kind: '$_id.kind', gained: 1, lost: { $multiply: ['$lost', -1] } } },
      ],
      // Told, not chosen: on a long ledger with few matches the planner would try others first.
      { hint: { accountId: 1, seq: -1 }, maxTimeMS: TIME_LIMIT_MS },
    )
    .toArray()

  const logged = account.pending
    .filter(
      (entry) =>
        entry.at >= from &&
        (!to || entry.at < to) &&
        (!kinds || kinds.includes(entry.kind)) &&
        (action === undefined || entry.action === action),
    )
    .map(({ at, kind, amount }): Sum => ({
      day: dayIn(at, timeZone),
      kind,
      gained: Math.max(amount, 0),
      lost: Math.max(-amount, 0),
    }))
  return totalsOf([...posted, ...logged])
}

function totalsOf(sums: Sum[]): Map<Day, DayTotals> {
  const days = new Map<Day, DayTotals>()
  for (const { day, kind, gained, lost } of sums) {
    const totals = days.get(day) ?? { spent: 0, granted: 0, lost: 0, net: 0 }
    const isSpend = kind === 'spend' || kind === 'capture'
    totals.granted += gained
    totals[isSpend ? 'spent' : 'lost'] += lost
    totals.net += gained - lost
    days.set(day, totals)
  }
  return days
}
