import type { Types } from 'mongoose'
import { creditAccounts, type LogEntry } from '#models/credit-account.server.ts'
import { creditEntries, GRANTING_KINDS } from '#models/credit-entry.server.ts'
import { sum } from '../sum.ts'
import { livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { entriesOfSource, isFrom, type SourceRef } from './reversal-history.server.ts'

/**
 * The credits that a source's entries grant in one account: the number to store in its row, whatever is requested now.
 * Later reversals do not reduce it.
 * @throws AccountNotFound, CreditsUnavailable
 */
export async function grantedBySource(accountId: Types.ObjectId, of: SourceRef): Promise<number> {
  const entries = await entriesOfSource(livePorts, await readAccount(livePorts, accountId), of.id)
  return sum(entries.filter((entry) => !entry.of && isFrom(entry.source, of)).map(givenBy))
}

/** What an entry of a source gives: a grant, or a negative one for refunded unused time. */
const givenBy = ({ kind, amount, grant }: LogEntry): number => grant?.granted ?? (kind === 'adjust' ? amount : 0)

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
  for await (const { _id, pending } of creditAccounts().find({}, { projection: { pending: 1 } })) {
    for (const entry of pending) add(_id.toHexString(), entry)
  }
  for await (const entry of creditEntries().find({ kind: { $in: GRANTING_KINDS } })) {
    add(entry.accountId.toHexString(), entry)
  }
  return sources
}
