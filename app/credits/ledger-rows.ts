import type { Types } from 'mongoose'
import type { CreditAccount } from '#models/credit-account.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import type { Burned } from './fold.ts'

/** The id of an entry in the ledger. */
export const entryIdOf = (accountId: Types.ObjectId, key: string): string => `${accountId.toHexString()}:${key}`

/** The log as ledger rows: numbered from `posted`, with the balance after each and the grants it burned. */
export function ledgerRows(account: CreditAccount, burned: Map<string, Burned>): CreditEntry[] {
  const logged = account.pending.reduce((sum, entry) => sum + entry.amount, 0)
  let balance = account.credits + account.held - logged
  return account.pending.map((entry, index) => {
    balance += entry.amount
    return {
      ...entry,
      _id: entryIdOf(account._id, entry.key),
      accountId: account._id,
      seq: account.posted + index,
      balance,
      burned: burned.get(entry.key) ?? [],
    }
  })
}

const COMPARED = ['key', 'kind', 'amount', 'at', 'seq', 'balance', 'burned', 'grantId', 'hold', 'holds'] as const

/** What must be equal in two postings of one key. */
export const fingerprint = (row: CreditEntry): string => JSON.stringify(COMPARED.map((field) => row[field]))
