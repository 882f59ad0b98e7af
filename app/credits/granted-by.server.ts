import type { Types } from 'mongoose'
import type { EntrySource, LogEntry } from '#models/credit-account.server.ts'
import { livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'

/**
 * The credits that a source's entries grant in one account: the number to store in its row, whatever is requested now.
 * Later reversals do not reduce it.
 * @param accountId the owner
 * @param of the invoice or payment
 * @throws AccountNotFound, CreditsUnavailable
 */
export async function grantedBySource(
  accountId: Types.ObjectId,
  of: Pick<EntrySource, 'type' | 'id'>,
): Promise<number> {
  // The log before the ledger: an entry that a settle moves meanwhile is read twice and counted once, by its key.
  const { pending } = await readAccount(livePorts, accountId)
  const posted = await livePorts.store.findEntriesOfSource(accountId, of.id)
  const byKey = new Map<string, LogEntry>([...posted, ...pending].map((entry) => [entry.key, entry]))
  return [...byKey.values()]
    .filter(({ source, of: takenFrom }) => !takenFrom && source.type === of.type && source.id === of.id)
    .reduce((sum, entry) => sum + givenBy(entry), 0)
}

/** What an entry of a source gives: a grant, or a negative one for refunded unused time. */
export const givenBy = ({ kind, amount, grant }: LogEntry): number => grant?.granted ?? (kind === 'adjust' ? amount : 0)
