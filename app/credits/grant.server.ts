import type { Types } from 'mongoose'
import {
  type CreditAccount,
  type EntrySource,
  type GrantCategory,
  type GrantTerms,
  type LogEntry,
  NEVER,
  type Rollover,
} from '#models/credit-account.server.ts'
import { sum } from '../sum.ts'
import { BALANCE_MAX, checkCredits, checkMetadata, GRANT_MAX } from './credits.ts'
import { type Change, GRANTS_MAX } from './change.ts'
import { IdempotencyConflict, InvalidCredits, TooManyGrants } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { fold } from './fold.ts'
import { grantIdOf } from './keys.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { entryIdOf } from './ledger-rows.ts'
import { findRecorded } from './recorded.server.ts'
import { capEntries } from './rollover.ts'
import { tickAccount } from './tick.server.ts'

export interface GrantRequest {
  /** From keys.ts; the same key never grants twice. */
  key: string
  /** Whole credits, 1 to 1 000 000 000. */
  credits: number
  /** What paid for them. */
  source: EntrySource
  category?: GrantCategory
  /** 0 burns first, 100 last. */
  priority?: number
  /** UTC; now by default. A later time schedules the grant. */
  effectiveAt?: Date
  /** UTC; never by default. */
  expiresAt?: Date
  /** For a plan's credits. Of the grants of one call that start now, only the first can start a period. */
  rollover?: Rollover
  metadata?: Record<string, string>
}

export interface Granted {
  /** The credits that the entries grant; on a replay as recorded, whatever is requested now. */
  credits: number
  entryIds: string[]
  replayed: boolean
}

/**
 * Grants credits. All grants of one call are made in one write, once. Safe to repeat with the same keys, concurrently
 * and late: a replay returns what was recorded.
 * @param requests at least one grant, each with its own key
 * @throws InvalidCredits, InvalidMetadata, TooManyGrants, IdempotencyConflict, AccountNotFound, CreditsUnavailable
 */
export async function grantCredits(
  accountId: Types.ObjectId,
  requests: readonly GrantRequest[],
  ports: CreditPorts = livePorts,
): Promise<Granted> {
  const [first] = requests
  if (!first) throw new InvalidCredits('There is nothing to grant.')
  for (const request of requests) {
    checkCredits(request.credits, { max: GRANT_MAX })
    checkMetadata(request.metadata)
  }
  const entryIds = requests.map((request) => entryIdOf(accountId, request.key))
  return fenced<Granted>(
    ports,
    accountId,
    first.key,
    // All entries of a call were written together, so checking the first is enough.
    async (recorded, account) => {
      if (!recorded.grant) throw new IdempotencyConflict()
      const all = await Promise.all(requests.map((request) => findRecorded(ports, account, request.key)))
      const credits = sum(all.map((entry) => entry?.grant?.granted ?? 0))
      return { credits, entryIds: entryIds.filter((_, index) => all[index]), replayed: true }
    },
    async (account) => {
      const at = ports.now()
      if (first.rollover?.renews && account.nextChange <= at) {
        // What is due must start, and count as left over, before this grant.
        await tickAccount(accountId, ports)
        return 'again'
      }
      const change = grantChange(account, requests, at)
      const credits = sum(requests.map((request) => request.credits))
      // Spends do not renew the version, and the amount above a limit depends on what they have left.
      const when = change.entries.some(({ kind }) => kind === 'cap') ? { credits: account.credits } : {}
      return { change, when, answer: () => ({ credits, entryIds, replayed: false }) }
    },
  )
}

/** The change made by a grant; refuses what would let the document or the numbers grow without bound. */
function grantChange(account: CreditAccount, requests: readonly GrantRequest[], at: Date): Change {
  const waiting = account.pending.filter((entry) => entry.grant).length
  if (account.grants.length + waiting + requests.length > GRANTS_MAX) throw new TooManyGrants()
  const granted = requests.map((request) => grantEntry(request, at))
  const begins = granted[0]?.kind === 'grant' ? granted[0].grant : undefined
  const capped = begins ? capEntries(fold(account, account.pending), begins, at) : []
  const entries = [...capped, ...granted.map((entry) => asOnePeriod(entry, begins))]
  const credits = sum(entries.map(({ amount }) => amount))
  if (account.credits + account.held + credits > BALANCE_MAX) {
    throw new InvalidCredits(`A balance is at most ${BALANCE_MAX} credits.`)
  }
  const wakes = entries.map(({ kind, grant }) => (kind === 'schedule' ? grant?.effectiveAt : grant?.expiresAt) ?? NEVER)
  return { entries, credits, wakeAt: new Date(Math.min(...wakes.map((wake) => wake.getTime()))) }
}

/** Months paid late start together, and do not count as left over from one another. */
function asOnePeriod(entry: LogEntry, begins: GrantTerms | undefined): LogEntry {
  const { kind, grant } = entry
  if (kind !== 'grant' || !grant?.rollover || grant === begins) return entry
  return { ...entry, grant: { ...grant, rollover: { ...grant.rollover, renews: false } } }
}

/** The entry of a grant: `schedule` with amount 0 while it is in the future. */
export function grantEntry(request: GrantRequest, at: Date): LogEntry {
  const effectiveAt = request.effectiveAt ?? at
  const grant: GrantTerms = {
    id: grantIdOf(request.key),
    source: request.source,
    category: request.category ?? 'paid',
    priority: request.priority ?? 50,
    granted: request.credits,
    effectiveAt,
    expiresAt: request.expiresAt ?? NEVER,
    createdAt: at,
    ...(request.rollover && { rollover: request.rollover }),
  }
  const later = effectiveAt > at
  return {
    key: request.key,
    kind: later ? 'schedule' : 'grant',
    amount: later ? 0 : request.credits,
    at,
    source: request.source,
    metadata: checkMetadata(request.metadata),
    grantId: grant.id,
    grant,
  }
}
