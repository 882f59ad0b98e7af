import type { mongo } from 'mongoose'
import { CreditAccountModel, type CreditAccount, type LogEntry } from '#models/credit-account.server.ts'
import { type CreditEntry, CreditEntryModel } from '#models/credit-entry.server.ts'
import { givenBy } from './granted-by.server.ts'

export interface GrantedSource {
  type: string
  id: string
  accountId: string
  /** The credits that its entries grant; later reversals do not reduce it. */
  credits: number
}

/** What every invoice and payment has granted over all accounts, by `type:id`, for the audit. */
export async function listGrantedSources(): Promise<Map<string, GrantedSource>> {
  const sources = new Map<string, GrantedSource>()
  const seen = new Set<string>()
  const add = (accountId: string, entry: LogEntry) => {
    const { key, kind, source, grant, of } = entry
    const counts = (grant || kind === 'adjust') && !of && (source.type === 'invoice' || source.type === 'payment')
    if (!counts || seen.has(`${accountId}:${key}`)) return
    seen.add(`${accountId}:${key}`)
    const known = sources.get(`${source.type}:${source.id}`)
    const credits = (known?.credits ?? 0) + givenBy(entry)
    sources.set(`${source.type}:${source.id}`, { type: source.type, id: source.id, accountId, credits })
  }
  // Logs before the ledger: an entry that a settle moves meanwhile is read twice and counted once.
  const accounts = CreditAccountModel.collection as unknown as mongo.Collection<CreditAccount>
  for await (const { _id, pending } of accounts.find({}, { projection: { pending: 1 } })) {
    for (const entry of pending) add(_id.toHexString(), entry)
  }
  const entries = CreditEntryModel.collection as unknown as mongo.Collection<CreditEntry>
  const granting = { kind: { $in: ['grant' as const, 'schedule' as const, 'adjust' as const] } }
  for await (const entry of entries.find(granting)) add(entry.accountId.toHexString(), entry)
  return sources
}
