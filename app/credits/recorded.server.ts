import type { Types } from 'mongoose'
import type { CreditAccount, LogEntry } from '#models/credit-account.server.ts'
import { AccountNotFound } from './errors.ts'
import { entryIdOf } from './ledger-rows.ts'
import type { CreditPorts } from './ports.server.ts'

/**
 * Reads an account and remembers its version.
 * @throws AccountNotFound
 */
export async function readAccount(ports: CreditPorts, accountId: Types.ObjectId): Promise<CreditAccount> {
  const account = await ports.store.findAccount(accountId)
  if (!account) throw new AccountNotFound()
  ports.versions.set(account)
  return account
}

/**
 * Looks up a key in the log of the account just read, then in the ledger. The version was read before, so a settle that
 * moves the entry between the two lookups makes the following write miss.
 */
export async function findRecorded(ports: CreditPorts, account: CreditAccount, key: string): Promise<LogEntry | null> {
  return (
    account.pending.find((entry) => entry.key === key) ?? (await ports.store.findEntry(entryIdOf(account._id, key)))
  )
}
