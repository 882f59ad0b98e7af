import { mongo, type Types } from 'mongoose'
import { creditAccounts } from '#models/credit-account.server.ts'
import { driverCollection } from '#models/define-model.server.ts'
import { type ExpiryCheck, ExpiryCheckModel } from '#models/expiry-check.server.ts'
import { JobCursorModel } from '#models/job-cursor.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { inBatches } from '../../batches.ts'

/*
 * Which accounts to check for credits that expire soon. Once a day, all with something ahead; each check plans the next
 * ones of its account. In between, only accounts whose planned time has come, and those that changed. What no change
 * reports, such as an edit of the database, is found within a day.
 */

const DAY_MS = 24 * 60 * 60 * 1000
/** How long before an expiry the first mail is sent. */
export const AHEAD_MS = 7 * DAY_MS
/** How far ahead checks are planned. More than a day, because a daily round may be late. */
export const PLANNED_MS = 1.5 * DAY_MS
/** More than two clocks differ by, and than a write takes after its time was read. */
const OVERLAP_MS = 2 * 60 * 1000
const TOGETHER = 32
const DUPLICATE_KEY = 11_000

/** When the last round began, and the last one that looked at all accounts. */
const ROUND = 'expiry-notices'
const DAILY_ROUND = 'expiry-notices-daily'

type Id = Types.ObjectId

/** Accounts to check together, and the planned checks that are done then. */
export interface Batch {
  accountIds: Id[]
  planned: string[]
}

export interface Round {
  startedAt: Date
  isDaily: boolean
  batches: AsyncIterable<Batch>
}

/** Begins a round of checks. Several processes may do so at once. */
export async function beginRound(startedAt: Date): Promise<Round> {
  const [last, lastDaily] = await Promise.all([readCursor(ROUND), readCursor(DAILY_ROUND)])
  // A cursor in the future came from a wrong clock, so nothing is known about what changed since.
  const isKnown = last !== null && lastDaily !== null && last <= startedAt && lastDaily <= startedAt
  const isDaily = !isKnown || startedAt.getTime() - lastDaily.getTime() >= DAY_MS
  const others = isDaily ? allAhead(startedAt) : changedSince(new Date(last.getTime() - OVERLAP_MS), startedAt)
  return { startedAt, isDaily, batches: batchesOf(dueChecks(startedAt), others) }
}

/** Ends a round after all its batches: the next one looks at what changed since it began. */
export async function endRound({ startedAt: at, isDaily }: Round): Promise<void> {
  for (const _id of isDaily ? [ROUND, DAILY_ROUND] : [ROUND]) {
    await JobCursorModel.updateOne({ _id }, { $set: { at } }, { upsert: true }).catch(unlessDuplicate)
  }
}

/** Plans checks, each once however often it is planned. */
export async function planChecks(checks: { accountId: Id; at: Date }[]): Promise<void> {
  if (checks.length === 0) return
  const writes = checks.map(({ accountId, at }) => ({
    updateOne: {
      filter: { _id: `${accountId.toHexString()}:${at.getTime()}` },
      update: { $setOnInsert: { accountId, at } },
      upsert: true,
    },
  }))
  await ExpiryCheckModel.bulkWrite(writes, { ordered: false }).catch(unlessDuplicate)
}

/** Of two upserts at once, the database may let one fail instead of finding the other's document. */
function unlessDuplicate(error: unknown): void {
  const { code, writeErrors } = error as { code?: unknown; writeErrors?: { code?: unknown }[] }
  const codes = error instanceof mongo.MongoBulkWriteError ? [writeErrors].flat().map((one) => one?.code) : [code]
  if (codes.some((one) => one !== DUPLICATE_KEY)) throw error
}

/** Drops planned checks that are done. */
export async function dropChecks(ids: string[]): Promise<void> {
  if (ids.length > 0) await ExpiryCheckModel.deleteMany({ _id: { $in: ids } })
}

async function readCursor(_id: string): Promise<Date | null> {
  return (await JobCursorModel.findById(_id).lean())?.at ?? null
}

async function* batchesOf(due: AsyncIterable<ExpiryCheck>, others: AsyncIterable<Id>): AsyncGenerator<Batch> {
  for await (const checks of inBatches(due, TOGETHER)) {
    const ids = new Map(checks.map(({ accountId }) => [accountId.toHexString(), accountId]))
    yield { accountIds: [...ids.values()], planned: checks.map(({ _id }) => _id) }
  }
  for await (const accountIds of inBatches(others, TOGETHER)) yield { accountIds, planned: [] }
}

const dueChecks = (at: Date): AsyncIterable<ExpiryCheck> =>
  driverCollection<ExpiryCheck>(ExpiryCheckModel)
    .find({ at: { $lte: at } })
    .sort({ at: 1 })

const usersWith = (filter: mongo.Filter<User>): AsyncIterable<{ _id: Id }> =>
  driverCollection<User>(UserModel).find(filter, { projection: { _id: 1 } })

/** An account that can lose credits by then: something is due in it, or a renewal may exceed a rollover cap. */
const losesBy = (horizon: Date) => ({
  $or: [{ nextChange: { $lte: horizon } }, { 'grants.rollover.limit': { $type: 'number' as const } }],
})

const horizonOf = (at: Date): Date => new Date(at.getTime() + AHEAD_MS + PLANNED_MS)

/** Accounts with an expiry within the horizon, and those with a rollover cap whose plan renews within it. */
async function* allAhead(at: Date): AsyncGenerator<Id> {
  const horizon = horizonOf(at)
  const due = creditAccounts().find({ nextChange: { $lte: horizon } }, { projection: { _id: 1 } })
  for await (const { _id } of due) yield _id
  const renewing = usersWith({ 'subscription.currentPeriodEnd': { $gt: at, $lte: horizon } })
  for await (const users of inBatches(renewing, TOGETHER)) {
    const capped = creditAccounts().find(
      {
        _id: { $in: users.map(({ _id }) => _id) },
        nextChange: { $gt: horizon },
        'grants.rollover.limit': { $type: 'number' },
      },
      { projection: { _id: 1 } },
    )
    for await (const { _id } of capped) yield _id
  }
}

/** Accounts whose log was posted, and those whose subscription was stored. */
async function* changedSince(since: Date, at: Date): AsyncGenerator<Id> {
  const posted = creditAccounts().find(
    { settledAt: { $gte: since }, ...losesBy(horizonOf(at)) },
    { projection: { _id: 1 } },
  )
  for await (const { _id } of posted) yield _id
  for await (const { _id } of usersWith({ subscriptionChangedAt: { $gte: since } })) yield _id
}
