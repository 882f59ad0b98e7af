import type { mongo, Types } from 'mongoose'
import type { EntryKind } from '#models/credit-account.server.ts'
import { creditEntries, type CreditEntry, RARE_KINDS } from '#models/credit-entry.server.ts'
import { fold } from './fold.ts'
import { livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { ledgerRows } from './ledger-rows.ts'
import { tickAccount } from './tick.server.ts'

export const PAGE_MAX = 200

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
  const { burned } = fold(account, account.pending)
  const logged = ledgerRows(account, burned)
    .reverse()
    .filter((row) => row.seq < before && matches(row, filter))
  const posted = await creditEntries()
    .find({ accountId, seq: { $lt: Math.min(before, account.posted) }, ...toQuery(filter) })
    .hint(indexFor(filter))
    .sort({ seq: -1 })
    .limit(size + 1)
    .maxTimeMS(2000)
    .toArray()
  const found = [...logged, ...posted]
  const entries = found.slice(0, size)
  return { entries, nextBefore: found.length > size ? (entries.at(-1)?.seq ?? null) : null }
}

/** Balances include due expiries and starts at once, so their entries must be listed too. */
async function readUpToDate(accountId: Types.ObjectId) {
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
