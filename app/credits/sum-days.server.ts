import type { Types } from 'mongoose'
import { creditAccounts } from '#models/credit-account.server.ts'
import { type CreditDay, creditDays } from '#models/credit-day.server.ts'
import { creditEntries } from '#models/credit-entry.server.ts'
import { addRows, byDay, type SummedRow } from './quarter-sums.ts'

/** Ledger rows read at once. */
const ROWS = 2_000
/** Steps of one call; the next call continues. */
const STEPS_MAX = 250
const TIME_LIMIT_MS = 10_000
const DUPLICATE_KEY = 11_000

const ROW_FIELDS = { _id: 0, seq: 1, at: 1, kind: 1, action: 1, amount: 1 } as const

/**
 * Adds an account's posted rows to the sums of their days, from `summed` on. Safe at any time, by any number of processes:
 * each day's document says up to which row it counts, and each update is fenced by that. After a crash some days are ahead
 * of `summed`, and the next call leaves them as they are.
 * @returns whether rows are left for the next call
 */
export async function sumDays(accountId: Types.ObjectId): Promise<boolean> {
  for (let step = 0; step < STEPS_MAX; step++) {
    const account = await creditAccounts().findOne(
      { _id: accountId },
      { projection: { posted: 1, summed: 1 }, maxTimeMS: TIME_LIMIT_MS },
    )
    const start = account?.summed ?? 0
    if (!account || start >= account.posted) return false
    const rows = await readRows(accountId, start, Math.min(account.posted, start + ROWS))
    // Just after an election the last rows may not be readable yet.
    const isComplete = rows.length > 0 && rows.every(({ seq }, index) => seq === start + index)
    if (!isComplete) return false
    const end = start + rows.length
    for (const [day, rowsOfDay] of byDay(rows)) await addToDay(accountId, new Date(day), rowsOfDay, end)
    // The version stays: no write of credits depends on this field.
    await creditAccounts().updateOne({ _id: accountId }, { $max: { summed: end } })
  }
  return true
}

/** Sums the days of all accounts whose sums are behind, for the ledgers of an earlier version. */
export async function sumAllDays(): Promise<void> {
  const behind = { $expr: { $gt: ['$posted', { $ifNull: ['$summed', 0] }] } }
  for await (const { _id } of creditAccounts().find(behind, { projection: { _id: 1 } })) {
    while (await sumDays(_id));
  }
}

/** Reads rows of the ledger as the sums need them, `from` inclusive, `to` exclusive. */
export function readRows(accountId: Types.ObjectId, from: number, to: number): Promise<SummedRow[]> {
  return creditEntries()
    .find({ accountId, seq: { $gte: from, $lt: to } })
    .hint({ accountId: 1, seq: -1 })
    .project<SummedRow>(ROW_FIELDS)
    .sort({ seq: 1 })
    .maxTimeMS(TIME_LIMIT_MS)
    .toArray()
}

/**
 * Writes an account's sums of days anew from its ledger, for sums that an audit found wrong, and deletes those of days without
 * rows. Safe to repeat, and beside {@link sumDays}.
 */
export async function rebuildDays(accountId: Types.ObjectId): Promise<void> {
  const account = await creditAccounts().findOne({ _id: accountId }, { projection: { summed: 1 } })
  const summed = account?.summed ?? 0
  const known = new Map((await creditDays().find({ accountId }).toArray()).map((day) => [day.day.getTime(), day]))
  const end = Math.max(summed, ...[...known.values()].map(({ upTo }) => upTo))
  for (const [time, rows] of byDay(await readRows(accountId, 0, end))) {
    const day = new Date(time)
    const old = known.get(time)
    const upTo = Math.max(old?.upTo ?? 0, summed)
    const counted = rows.filter(({ seq }) => seq < upTo)
    if (counted.length === 0) continue
    known.delete(time)
    const right = addRows(null, counted)
    if (!old) await insertDay({ _id: dayId(accountId, day), accountId, day, upTo, ...right })
    else await creditDays().updateOne({ _id: old._id, accountId, upTo: old.upTo }, { $set: { ...right, upTo } })
  }
  for (const { _id, upTo } of known.values()) await creditDays().deleteOne({ _id, accountId, upTo })
}

const dayId = (accountId: Types.ObjectId, day: Date): string =>
  `${accountId.toHexString()}:${day.toISOString().slice(0, 10)}`

/** @param upTo all rows of the day below it are in `rows` or counted already */
async function addToDay(accountId: Types.ObjectId, day: Date, rows: SummedRow[], upTo: number): Promise<void> {
  const _id = dayId(accountId, day)
  for (;;) {
    const known = await creditDays().findOne({ _id, accountId })
    if (!known) {
      if (await insertDay({ _id, accountId, day, upTo, ...addRows(null, rows) })) return
      continue
    }
    if (known.upTo >= upTo) return
    const added = addRows(
      known,
      rows.filter(({ seq }) => seq >= known.upTo),
    )
    const { matchedCount } = await creditDays().updateOne(
      { _id, accountId, upTo: known.upTo },
      { $set: { ...added, upTo } },
    )
    if (matchedCount > 0) return
  }
}

/** @returns false if another process was first */
async function insertDay(day: CreditDay): Promise<boolean> {
  try {
    await creditDays().insertOne(day)
    return true
  } catch (error) {
    if ((error as { code?: unknown }).code === DUPLICATE_KEY) return false
    throw error
  }
}
