import type { mongo, Types } from 'mongoose'
import type { CreditAccount, EntryKind } from '#models/credit-account.server.ts'
import { creditDays } from '#models/credit-day.server.ts'
import { creditEntries, type CreditEntry, RARE_KINDS } from '#models/credit-entry.server.ts'
import { fold } from './fold.ts'
import { livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { ledgerRows } from './ledger-rows.ts'
import { utcDay } from './quarter-sums.ts'
import { tickAccount } from './tick.server.ts'

export const PAGE_MAX = 200
const TIME_LIMIT_MS = 2_000

export interface EntryFilter {
  kinds?: EntryKind[]
  action?: string
  /** UTC, inclusive. */
  from?: Date
  /** UTC, exclusive. */
  to?: Date
}

export interface EntryPage {
  /** Newest first. */
  entries: CreditEntry[]
  /** Pass it as `before` to read the next page; null at the end. */
  nextBefore: number | null
  /** The account as it was read with the entries. */
  account: CreditAccount
}

/**
 * Lists an account's entries, newest first: the ledger and the entries still in the log, as one numbered list.
 * @param options `before`: only entries whose `seq` is smaller; `limit`: 1 to 200, 50 by default; and filters
 * @throws AccountNotFound
 */
export async function listEntries(
  accountId: Types.ObjectId,
  { before = Number.MAX_SAFE_INTEGER, limit = 50, ...filter }: EntryFilter & { before?: number; limit?: number } = {},
): Promise<EntryPage> {
  const size = Math.max(1, Math.min(limit, PAGE_MAX))
  // The account first: rows below its `posted` never change, and the rest is in the log read with it.
  const account = await readUpToDate(accountId)
  const logged = loggedRows(account).filter((row) => row.seq < before && matches(row, filter))
  const posted = await readPosted(account, filter, { before, limit: size + 1 - logged.length })
  return toPage(account, [...logged, ...posted], size)
}

/**
 * {@link listEntries} without a filter, of the newest page only: it reads account and ledger at the same time.
 * @throws AccountNotFound
 */
export async function listNewestEntries(accountId: Types.ObjectId, limit: number): Promise<EntryPage> {
  const [account, found] = await Promise.all([readUpToDate(accountId), findRows({ accountId }, {}, limit + 1)])
  const posted = found.filter((row) => row.seq < account.posted)
  // Rows below the account's `posted` that were written after the ledger was read are missing. Numbers have no gap, so
  // that shows.
  const isComplete =
    posted.length >= Math.min(limit + 1, account.posted) &&
    posted.every((row, index) => row.seq === account.posted - 1 - index)
  return isComplete ? toPage(account, [...loggedRows(account), ...posted], limit) : listEntries(accountId, { limit })
}

/** The rows of the log, newest first. */
function loggedRows(account: CreditAccount): CreditEntry[] {
  return ledgerRows(account, fold(account, account.pending).burned).reverse()
}

function toPage(account: CreditAccount, found: CreditEntry[], size: number): EntryPage {
  const entries = found.slice(0, size)
  return { entries, nextBefore: found.length > size ? (entries.at(-1)?.seq ?? null) : null, account }
}

async function readPosted(
  account: CreditAccount,
  filter: EntryFilter,
  { before, limit }: { before: number; limit: number },
): Promise<CreditEntry[]> {
  const found: CreditEntry[] = []
  for (const { from, to } of await stretchesOf(account, filter)) {
    const seq = { $gte: from, $lt: Math.min(to, before) }
    const wanted = limit - found.length
    if (wanted <= 0 || seq.$gte >= seq.$lt) continue
    found.push(...(await findRows({ accountId: account._id, seq }, filter, wanted)))
  }
  return found
}

function findRows(where: mongo.Filter<CreditEntry>, filter: EntryFilter, limit: number): Promise<CreditEntry[]> {
  return creditEntries()
    .find({ ...where, ...toQuery(filter) })
    .hint(indexFor(filter))
    .sort({ seq: -1 })
    .limit(limit)
    .maxTimeMS(TIME_LIMIT_MS)
    .toArray()
}

/** Rows of the ledger, by `seq`: `from` inclusive, `to` exclusive. */
interface Stretch {
  from: number
  to: number
}

/**
 * The stretches of the ledger that can have entries of a filter's days, the newest first: a list of a day long ago must not
 * read all that came later. The sums of days say which rows they count; rows that are in no sum yet come first.
 */
export async function stretchesOf(
  { _id, posted, summed = 0 }: Pick<CreditAccount, '_id' | 'posted' | 'summed'>,
  { from, to }: Pick<EntryFilter, 'from' | 'to'>,
): Promise<Stretch[]> {
  if (!from && !to) return [{ from: 0, to: posted }]
  const day = { ...(from && { $gte: utcDay(from) }), ...(to && { $lt: to }) }
  const [counted] = await creditDays()
    .aggregate<{ first: number; last: number }>(
      [
        { $match: { accountId: _id, day } },
        { $group: { _id: null, first: { $min: '$first' }, last: { $max: '$last' } } },
      ],
      { maxTimeMS: TIME_LIMIT_MS },
    )
    .toArray()
  const unsummed = { from: summed, to: posted }
  return counted ? [unsummed, { from: counted.first, to: Math.min(counted.last + 1, summed) }] : [unsummed]
}

/**
 * Reads an account after writing what is due: balances include due expiries and starts at once, so their entries must be
 * listed too.
 * @throws AccountNotFound
 */
export async function readUpToDate(accountId: Types.ObjectId): Promise<CreditAccount> {
  const account = await readAccount(livePorts, accountId)
  if (account.nextChange > livePorts.now()) return account
  await tickAccount(accountId)
  return readAccount(livePorts, accountId)
}

/** Forces an index: on a long ledger with few matches the planner would try slower ones first. */
function indexFor({ kinds, action }: EntryFilter): Record<string, 1 | -1> {
  if (action !== undefined) return { accountId: 1, action: 1, seq: -1 }
  if (kinds && areRare(kinds)) return { accountId: 1, kind: 1, seq: -1 }
  return { accountId: 1, seq: -1 }
}

const areRare = (kinds: EntryKind[]): boolean => kinds.every((kind) => RARE_KINDS.includes(kind))

const matches = (row: CreditEntry, { kinds, action, from, to }: EntryFilter): boolean =>
  (!kinds || kinds.includes(row.kind)) &&
  (action === undefined || row.action === action) &&
  (!from || row.at >= from) &&
  (!to || row.at < to)

function toQuery({ kinds, action, from, to }: EntryFilter): mongo.Filter<CreditEntry> {
  return {
    ...(kinds && { $and: [{ kind: { $in: kinds } }, ...(areRare(kinds) ? [{ kind: { $in: RARE_KINDS } }] : [])] }),
    ...(action !== undefined && { action }),
    ...((from ?? to) && { at: { ...(from && { $gte: from }), ...(to && { $lt: to }) } }),
  }
}
