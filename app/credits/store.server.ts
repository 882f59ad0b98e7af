import { type mongo, Types } from 'mongoose'
import { type CreditAccount, creditAccounts } from '#models/credit-account.server.ts'
import { creditEntries, type CreditEntry, RARE_KINDS } from '#models/credit-entry.server.ts'
import { CallBatcher } from '../call-batcher.ts'
import { CreditsUnavailable } from './errors.ts'

export type AccountFilter = mongo.Filter<CreditAccount>
export type AccountUpdate = mongo.UpdateFilter<CreditAccount>

/** The result of a conditional update that matched. */
export interface Updated {
  credits: number
  pendingCount: number
}

/**
 * The engine's database calls, each one command or a part of one; the simulator runs the same engine over a fake. Reads
 * return only majority-committed data; writes are acknowledged when a majority has journaled them (both set on the
 * connection).
 */
export interface CreditStore {
  findAccount(accountId: Types.ObjectId): Promise<CreditAccount | null>
  /** @returns false when the account exists */
  insertAccount(account: CreditAccount): Promise<boolean>
  /** @returns null when the filter missed */
  updateAccount(filter: AccountFilter, update: AccountUpdate): Promise<Updated | null>
  /** `updateAccount` for a write that renews the version. @returns whether it took effect */
  renewAccount(filter: AccountFilter, update: AccountUpdate, version: string): Promise<boolean>
  findEntry(entryId: string): Promise<CreditEntry | null>
  /** Entries of the account that grant from a source or reverse it. */
  findEntriesOfSource(accountId: Types.ObjectId, sourceId: string): Promise<CreditEntry[]>
  /** @returns ids of the rows that were there already */
  insertEntries(rows: CreditEntry[]): Promise<string[]>
}

const TIME_LIMIT_MS = 5000
const DUPLICATE_KEY = 11000
/** The server refused the document itself: a bug, not an outage. */
const DOCUMENT_VALIDATION_FAILED = 121

/**
 * After a database error in a write its outcome is unknown, and is reported as such.
 * @throws CreditsUnavailable
 */
async function known<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation
  } catch (error) {
    const code = (error as { code?: unknown }).code
    if (code === DUPLICATE_KEY || code === DOCUMENT_VALIDATION_FAILED) throw error
    throw new CreditsUnavailable(error)
  }
}

/** An entry's id begins with its account's. */
const ACCOUNT_DIGITS = 24

/** Accounts are read together, so the size bounds what one answer may hold. */
const accountReads = new CallBatcher(async (ids: Types.ObjectId[]) => {
  const found = await known(
    creditAccounts()
      .find({ _id: { $in: ids } }, { maxTimeMS: TIME_LIMIT_MS })
      .toArray(),
  )
  const byId = new Map(found.map((account) => [account._id.toHexString(), account]))
  return ids.map((id) => byId.get(id.toHexString()) ?? null)
}, 32)

const entryReads = new CallBatcher(async (ids: string[]) => {
  // The accounts are in the ids; named apart, they tell a sharded cluster which shards to ask.
  const accounts = [...new Set(ids.map((id) => id.slice(0, ACCOUNT_DIGITS)))].map((hex) => new Types.ObjectId(hex))
  const found = await known(
    creditEntries()
      .find({ _id: { $in: ids }, accountId: { $in: accounts } }, { hint: { _id: 1 }, maxTimeMS: TIME_LIMIT_MS })
      .toArray(),
  )
  const byId = new Map(found.map((entry) => [entry._id, entry]))
  return ids.map((id) => byId.get(id) ?? null)
}, 256)

const entryInserts = new CallBatcher(async (calls: CreditEntry[][]) => {
  try {
    const duplicates = new Set(await insertRows(calls.flat()))
    return calls.map((rows) => rows.map((row) => row._id).filter((id) => duplicates.has(id)))
  } catch (error) {
    // The rows of one account that the server refuses must not hold up those of the others.
    if (calls.length === 1 || error instanceof CreditsUnavailable) throw error
    return Promise.all(calls.map((rows) => insertRows(rows).catch((reason: Error) => reason)))
  }
}, 16)

interface Renewal {
  filter: AccountFilter
  update: AccountUpdate
  version: string
}

const accountRenewals = new CallBatcher(async (renewals: Renewal[]) => {
  try {
    const matched = await writeRenewals(renewals)
    if (matched === renewals.length) return renewals.map(() => true)
    const renewed = await renewedOf(renewals)
    return renewals.map(({ version }) => renewed.has(version))
  } catch (error) {
    // The write of one account that the server refuses must not make those of the others look refused.
    if (renewals.length === 1 || error instanceof CreditsUnavailable) throw error
    const renewed = await renewedOf(renewals)
    return Promise.all(
      renewals.map(async (renewal) => {
        if (renewed.has(renewal.version)) return true
        return writeRenewals([renewal]).then(
          (matched) => matched > 0,
          (reason: Error) => reason,
        )
      }),
    )
  }
}, 32)

/** @returns how many took effect */
async function writeRenewals(renewals: Renewal[]): Promise<number> {
  const operations = renewals.map(({ filter, update }) => ({ updateOne: { filter, update } }))
  const { matchedCount } = await known(
    creditAccounts().bulkWrite(operations, { ordered: false, maxTimeMS: TIME_LIMIT_MS }),
  )
  return matchedCount
}

/** The versions that took effect: no other write can have set one of these. */
async function renewedOf(renewals: Renewal[]): Promise<Set<string>> {
  const ids = renewals.map(({ filter }) => filter._id as Types.ObjectId)
  const found = await known(
    creditAccounts()
      .find({ _id: { $in: ids }, version: { $in: renewals.map(({ version }) => version) } })
      .project<{ version: string }>({ version: 1 })
      .toArray(),
  )
  return new Set(found.map(({ version }) => version))
}

async function insertRows(rows: CreditEntry[]): Promise<string[]> {
  try {
    await known(creditEntries().insertMany(rows, { ordered: false, maxTimeMS: TIME_LIMIT_MS }))
    return []
  } catch (error) {
    return duplicateIds(error, rows)
  }
}

export const mongoStore: CreditStore = {
  findAccount: (accountId) => accountReads.call(accountId),

  async insertAccount(account) {
    try {
      await known(creditAccounts().insertOne(account, { maxTimeMS: TIME_LIMIT_MS }))
      return true
    } catch (error) {
      if ((error as { code?: unknown }).code === DUPLICATE_KEY) return false
      throw error
    }
  },

  async updateAccount(filter, update) {
    const after = await known(
      creditAccounts().findOneAndUpdate(filter, update, {
        returnDocument: 'after',
        projection: { credits: 1, pendingCount: { $size: '$pending' } },
        maxTimeMS: TIME_LIMIT_MS,
      }),
    )
    return after as unknown as Updated | null
  },

  renewAccount: (filter, update, version) => accountRenewals.call({ filter, update, version }),

  findEntry: (entryId) => entryReads.call(entryId),

  async findEntriesOfSource(accountId, sourceId) {
    // Two finds instead of one with $or, each with its index forced: a source's history is short, the account's may be
    // long.
    const find = (field: 'source.id' | 'of.id') =>
      known(
        creditEntries()
          .find(
            { accountId, [field]: sourceId, kind: { $in: RARE_KINDS } },
            { maxTimeMS: TIME_LIMIT_MS, hint: { accountId: 1, [field]: 1 } },
          )
          .toArray(),
      )
    const found = await Promise.all([find('source.id'), find('of.id')])
    const byId = new Map(found.flat().map((entry) => [entry._id, entry]))
    return [...byId.values()].sort((a, b) => a.seq - b.seq)
  },

  insertEntries: (rows) => entryInserts.call(rows),
}

/** Only a duplicate `_id` is a row posted before; any other failure is passed on. */
function duplicateIds(error: unknown, rows: CreditEntry[]): string[] {
  const { writeErrors, result } = error as {
    writeErrors?: { code: number; index: number; errmsg?: string }[]
    result?: { getWriteConcernError?: () => unknown }
  }
  const failures = Array.isArray(writeErrors) ? writeErrors : writeErrors ? [writeErrors] : []
  const unknownOutcome = result?.getWriteConcernError?.()
  if (!failures.length || unknownOutcome || failures.some((failure) => !isIdDuplicate(failure))) throw error
  return failures.flatMap((failure) => rows[failure.index]?._id ?? [])
}

const isIdDuplicate = (failure: { code: number; errmsg?: string }): boolean =>
  failure.code === DUPLICATE_KEY && /index: _id_/.test(failure.errmsg ?? '')
