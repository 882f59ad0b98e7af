import type { Types } from 'mongoose'
import { type EntrySource, type Grant, type GrantTerms, type LogEntry, NEVER } from '#models/credit-account.server.ts'
import { sum } from '../sum.ts'
import { IdempotencyConflict, InvalidCredits } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { fold } from './fold.ts'
import { grantIdOf } from './keys.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import {
  claimsOf,
  grantedBy,
  historyOf,
  isFrom,
  openReversals,
  type SourceRef,
  takenBy,
  takenSoFar,
} from './reversal-history.server.ts'
import { type MoneyClaim, reversedShare, type SoldPart } from './reversed-share.ts'

export interface ReversalRequest {
  accountId: Types.ObjectId
  /** From keys.ts: one per refund or dispute. */
  key: string
  /** The refund or dispute. */
  source: EntrySource
  /** The invoice or payment whose credits are reversed. */
  of: SourceRef
  /**
   * The amount of this refund or dispute, and the total paid, in the same minor units. `parts`: the amounts known to be
   * for a part of the source; the rest is for all of them.
   */
  money: MoneyClaim & { paid: number }
  /** The parts of the source, if they are refunded separately. */
  soldParts?: readonly SoldPart[] | null
  /** The grant to take from first, if it is known. */
  firstFrom?: string
  /** The key of an earlier reversal that this one replaces. */
  insteadOf?: string
}

export interface Reversed {
  /** Credits taken under this key, including canceled scheduled ones; negative if it restored some. */
  reversed: number
  /**
   * False if the source has not granted anything (yet), or the reversal to replace is not in force: then nothing is
   * recorded, and the caller may retry.
   */
  found: boolean
  replayed: boolean
}

/**
 * Takes credits back because money was returned: the total to reverse for all money returned of the source, less what
 * was taken before. First scheduled credits of the source, then the rest of it, then other available credits; what is
 * still missing becomes a debt. Never touches a hold. Refunds and disputes of one source share one cap: what it
 * granted. Safe to repeat with its key, concurrently and late.
 * @throws InvalidCredits, IdempotencyConflict, AccountNotFound, CreditsUnavailable
 * @see https://docs.stripe.com/refunds
 */
export function reverseGrants(request: ReversalRequest, ports: CreditPorts = livePorts): Promise<Reversed> {
  const { accountId, key, source, of, money, soldParts, firstFrom, insteadOf } = request
  if (!Number.isSafeInteger(money.amount) || money.amount < 0 || !Number.isSafeInteger(money.paid) || money.paid <= 0) {
    throw new InvalidCredits('A reversal needs the money that went back and the money that was paid.')
  }
  return fenced<Reversed>(
    ports,
    accountId,
    key,
    async (recorded, account) => {
      if (!recorded.money) throw new IdempotencyConflict()
      const history = await historyOf(ports, account, of)
      return { reversed: takenBy(history, key), found: true, replayed: true }
    },
    async (account) => {
      const history = await historyOf(ports, account, of)
      const granted = grantedBy(history)
      const open = openReversals(history)
      const others = open.filter((entry) => entry.key !== insteadOf)
      if (granted === 0 || (insteadOf && others.length === open.length)) {
        return { answer: { reversed: 0, found: false, replayed: false } }
      }
      const due = reversedShare(granted, [...claimsOf(others), money], { paid: money.paid, parts: soldParts })
      const missing = due - takenSoFar(history)
      const at = ports.now()
      const common = { key, at, source, of, money, ...(insteadOf && { undoes: insteadOf }) }
      if (insteadOf && missing < 0) {
        const entry = restoreEntry(common, { credits: -missing, history })
        const change = { entries: [entry], credits: -missing, wakeAt: entry.grant.expiresAt }
        return { change, answer: () => ({ reversed: missing, found: true, replayed: false }) }
      }
      const reversed = Math.max(0, missing)
      const folded = fold(account, account.pending).grants
      const first = folded.find(({ id, started }) => started && id === firstFrom)
      const cancels = cancelEntries(folded, { key, source, of, at }, Math.max(0, reversed - (first?.remaining ?? 0)))
      const taken = reversed - sum(cancels.map((entry) => entry.cancels ?? 0))
      const entry: LogEntry = {
        ...common,
        kind: 'reversal',
        amount: -taken || 0,
        ...(firstFrom && { grantId: firstFrom }),
      }
      return {
        change: { entries: [...cancels, entry], credits: -taken || 0 },
        answer: () => ({ reversed, found: true, replayed: false }),
      }
    },
  )
}

export interface Restored {
  restored: number
  found: boolean
  replayed: boolean
}

/**
 * Restores a reversal whose refund failed or whose dispute was won: as much as the money still returned does not
 * account for. Safe to repeat with its key.
 * @param request `undoes` is the key of the reversal
 * @returns credits given back; `found` is false when there is no such reversal (yet)
 * @throws IdempotencyConflict, AccountNotFound, CreditsUnavailable
 */
export function restoreReversal(
  request: {
    accountId: Types.ObjectId
    key: string
    source: EntrySource
    of: SourceRef
    undoes: string
    soldParts?: readonly SoldPart[] | null
  },
  ports: CreditPorts = livePorts,
): Promise<Restored> {
  const { accountId, key, source, of, undoes, soldParts } = request
  return fenced<Restored>(
    ports,
    accountId,
    key,
    (recorded) => {
      if (recorded.kind !== 'restore') throw new IdempotencyConflict()
      return { restored: recorded.amount, found: true, replayed: true }
    },
    async (account) => {
      const history = await historyOf(ports, account, of)
      const open = openReversals(history)
      const undone = open.find((entry) => entry.key === undoes)
      if (!undone?.money) return { answer: { restored: 0, found: false, replayed: false } }
      const others = claimsOf(open.filter((entry) => entry !== undone))
      const stillDue = reversedShare(grantedBy(history), others, { paid: undone.money.paid, parts: soldParts })
      const restored = Math.max(0, takenSoFar(history) - stillDue)
      const entry = restoreEntry({ key, at: ports.now(), source, of, undoes }, { credits: restored, history })
      return {
        change: { entries: [entry], credits: restored, wakeAt: entry.grant.expiresAt },
        answer: () => ({ restored, found: true, replayed: false }),
      }
    },
  )
}

/** Restored credits, on the terms of those taken. */
function restoreEntry(
  common: Pick<LogEntry, 'key' | 'at' | 'source' | 'of' | 'undoes' | 'money'>,
  { credits, history }: { credits: number; history: LogEntry[] },
): LogEntry & { grant: GrantTerms } {
  const { key, at, source } = common
  const first = history.find((entry) => entry.grant)?.grant
  const grant = {
    id: grantIdOf(key),
    source,
    category: first?.category ?? ('paid' as const),
    priority: first?.priority ?? 50,
    granted: credits,
    effectiveAt: at,
    expiresAt: first && first.expiresAt > at ? first.expiresAt : NEVER,
    createdAt: at,
    ...(first?.rollover && { rollover: { ...first.rollover, renews: false } }),
  }
  return { ...common, kind: 'restore', amount: credits, grantId: grant.id, grant }
}

/**
 * Records that a reversal is final, because its dispute was lost: an entry without credits, for the ledger. Safe to
 * repeat with its key.
 * @returns when it was noted first
 * @throws IdempotencyConflict, AccountNotFound, CreditsUnavailable
 */
export function noteLost(
  request: { accountId: Types.ObjectId; key: string; source: EntrySource; of: SourceRef },
  ports: CreditPorts = livePorts,
): Promise<Date> {
  const { accountId, key, source, of } = request
  return fenced<Date>(
    ports,
    accountId,
    key,
    (recorded) => {
      if (recorded.kind !== 'reversal') throw new IdempotencyConflict()
      return recorded.at
    },
    () => {
      const at = ports.now()
      const entry: LogEntry = { key, kind: 'reversal', amount: 0, at, source: { ...source, reason: 'lost' }, of }
      return { change: { entries: [entry], credits: 0 }, answer: () => at }
    },
  )
}

/** Cancels scheduled credits of the source, the latest first, up to `credits`. */
function cancelEntries(
  grants: readonly Grant[],
  { key, source, of, at }: { key: string; source: EntrySource; of: SourceRef; at: Date },
  credits: number,
): LogEntry[] {
  const waiting = grants
    .filter((grant) => !grant.started && isFrom(grant.source, of))
    .sort((a, b) => b.effectiveAt.getTime() - a.effectiveAt.getTime())
  const entries: LogEntry[] = []
  let left = credits
  for (const grant of waiting) {
    const cancels = Math.min(left, grant.granted)
    if (cancels === 0) break
    left -= cancels
    const cancelKey = `${key}:cancel:${grant.id}`
    entries.push({ key: cancelKey, kind: 'cancel-schedule', amount: 0, at, source, of, grantId: grant.id, cancels })
  }
  return entries
}
