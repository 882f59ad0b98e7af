import type { Types } from 'mongoose'
import type { LogEntry } from '#models/credit-account.server.ts'
import { checkCredits, GRANT_MAX } from './credits.ts'
import { IdempotencyConflict, InvalidCredits } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { grantEntry } from './grant.server.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { entryIdOf } from './ledger-rows.ts'

export interface AdjustRequest {
  accountId: Types.ObjectId
  /** From keys.ts. */
  key: string
  /** Signed whole credits; never 0. A debit may make the balance negative. */
  credits: number
  /** Why; the ledger shows it. */
  reason: string
  /** The administrator, or the invoice that refunded more time than it sold. */
  by: { type: 'admin' | 'invoice'; id: string }
}

export interface Adjusted {
  entryId: string
  creditsLeft: number
  replayed: boolean
}

/**
 * Corrects a balance, for an administrator or an invoice: adds to it or takes from it, never sets it. Safe to repeat
 * with its key.
 * @returns the entry, and the credits after it
 * @throws InvalidCredits, IdempotencyConflict, AccountNotFound, CreditsUnavailable
 */
export function adjustCredits(
  { accountId, key, credits, reason, by }: AdjustRequest,
  ports: CreditPorts = livePorts,
): Promise<Adjusted> {
  checkCredits(Math.abs(credits), { max: GRANT_MAX })
  if (!reason.trim()) throw new InvalidCredits('A correction needs a reason.')
  const source = { ...by, reason }
  const entryId = entryIdOf(accountId, key)
  return fenced<Adjusted>(
    ports,
    accountId,
    key,
    (recorded, account) => {
      if (recorded.kind !== 'adjust' || recorded.amount !== credits) throw new IdempotencyConflict()
      return { entryId, creditsLeft: account.credits, replayed: true }
    },
    () => {
      const at = ports.now()
      const entry: LogEntry =
        credits > 0
          ? { ...grantEntry({ key, credits, source, category: 'promotional' }, at), kind: 'adjust' }
          : { key, kind: 'adjust', amount: credits, at, source }
      return {
        change: { entries: [entry], credits },
        answer: (creditsLeft) => ({ entryId, creditsLeft, replayed: false }),
      }
    },
  )
}
