import type { Types } from 'mongoose'
import type { EntrySource, LogEntry } from '#models/credit-account.server.ts'
import { livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'

/**
 * What the entries of a source grant in one account, or will: the number that a row about it has to tell, whatever is
 * asked for now. What was taken back later does not lessen it.
 * @param accountId the owner
 * @param of the invoice or payment
 * @throws AccountNotFound, CreditsUnavailable
 */
export async function grantedBySource(
  accountId: Types.ObjectId,
  of: Pick<EntrySource, 'type' | 'id'>,
): Promise<number> {
  // The log before the ledger: what a settle moves meanwhile is seen twice, and counted once by its key.
  const { pending } = await readAccount(livePorts, accountId)
  const posted = await livePorts.store.findEntriesOfSource(accountId, of.id)
  const byKey = new Map<string, LogEntry>([...posted, ...pending].map((entry) => [entry.key, entry]))
  return [...byKey.values()]
    .filter(({ source, of: takenFrom }) => !takenFrom && source.type === of.type && source.id === of.id)
    .reduce((sum, entry) => sum + givenBy(entry), 0)
}

/** What an entry of a source gives: a grant, or the negative of one for time that an invoice gave back. */
export const givenBy = ({ kind, amount, grant }: LogEntry): number => grant?.granted ?? (kind === 'adjust' ? amount : 0)
