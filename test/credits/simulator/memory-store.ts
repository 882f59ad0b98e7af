import { Query } from 'mingo'
import { update } from 'mingo/updater'
import type { Types } from 'mongoose'
import type { CreditStore } from '#app/credits/store.server.ts'
import type { CreditAccount } from '#models/credit-account.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'

/**
 * The in-memory double of the database: the same filters and updates, on an independent implementation of MongoDB's
 * query language. simulation.test.ts holds it to the real engine on the same seeds.
 */
export class MemoryStore implements CreditStore {
  accounts = new Map<string, CreditAccount>()
  entries = new Map<string, CreditEntry>()

  async findAccount(accountId: Types.ObjectId) {
    const account = this.accounts.get(accountId.toHexString())
    return account ? { ...structuredClone({ ...account, _id: null }), _id: accountId } : null
  }

  async insertAccount(account: CreditAccount) {
    const id = account._id.toHexString()
    if (this.accounts.has(id)) return false
    this.accounts.set(id, account)
    return true
  }

  async updateAccount(
    filter: Parameters<CreditStore['updateAccount']>[0],
    change: Parameters<CreditStore['updateAccount']>[1],
  ) {
    const { _id, ...conditions } = filter
    const account = this.accounts.get((_id as Types.ObjectId).toHexString())
    if (!account || !new Query(conditions).test({ ...account })) return null
    // Cloned first: a crash must not leave half of an update, and earlier reads must not change.
    const { _id: id, ...fields } = account
    const next = structuredClone(fields)
    update(next, structuredClone(change) as Parameters<typeof update>[1])
    this.accounts.set(id.toHexString(), { ...next, _id: id })
    return { credits: next.credits, pendingCount: next.pending.length }
  }

  async renewAccount(...[filter, change]: Parameters<CreditStore['renewAccount']>) {
    return (await this.updateAccount(filter, change)) !== null
  }

  async findEntry(entryId: string) {
    return this.entries.get(entryId) ?? null
  }

  async findEntriesOfSource(accountId: Types.ObjectId, sourceId: string) {
    return this.ledger(accountId).filter((row) => row.source.id === sourceId || row.of?.id === sourceId)
  }

  async insertEntries(rows: CreditEntry[]) {
    const duplicates = rows.filter((row) => this.entries.has(row._id)).map((row) => row._id)
    for (const row of rows) if (!this.entries.has(row._id)) this.entries.set(row._id, row)
    return duplicates
  }

  /** The account's rows in the order of `seq`. */
  ledger(accountId: Types.ObjectId): CreditEntry[] {
    return [...this.entries.values()].filter((row) => row.accountId.equals(accountId)).sort((a, b) => a.seq - b.seq)
  }
}
