import type { Types } from 'mongoose'
import { type CreditAccount, type EntrySource, type LogEntry, NEVER } from '#models/credit-account.server.ts'
import { IdempotencyConflict, InvalidCredits } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { fold } from './fold.ts'
import { grantIdOf } from './keys.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'

type SourceRef = Pick<EntrySource, 'type' | 'id'>

export interface ReversalRequest {
  accountId: Types.ObjectId
  /** From keys.ts: one per refund or dispute. */
  key: string
  /** The refund or dispute. */
  source: EntrySource
  /** The invoice or payment whose credits go back. */
  of: SourceRef
  /** This refund's or dispute's own amount, and what was paid in all, in the same minor units. */
  money: { amount: number; paid: number }
}

export interface Reversed {
  /** Credits taken back by this key, cancelled future ones among them. */
  reversed: number
  /** False when the source has not granted anything (yet): then nothing is recorded, and the caller may try again. */
  found: boolean
  replayed: boolean
}

/**
 * Takes credits back because money went back: the source's cumulative refunded share, less what has been taken of it
 * before. First what has not started of the source, then what is left of it, then other available credits; what is still
 * missing becomes a debt. Never touches a hold. Refunds and disputes of one source share one cap: what it granted.
 * Safe to repeat with its key, at once and late.
 * @throws InvalidCredits, IdempotencyConflict, AccountNotFound, CreditsUnavailable
 * @see https://docs.stripe.com/refunds
 */
export function reverseGrants(request: ReversalRequest, ports: CreditPorts = livePorts): Promise<Reversed> {
  const { accountId, key, source, of, money } = request
  if (!Number.isSafeInteger(money.amount) || money.amount < 0 || !Number.isSafeInteger(money.paid) || money.paid <= 0) {
    throw new InvalidCredits('A reversal needs the money that went back and the money that was paid.')
  }
  return fenced<Reversed>(
    ports,
    accountId,
    key,
    async (recorded, account) => {
      if (recorded.kind !== 'reversal') throw new IdempotencyConflict()
      const history = await historyOf(ports, account, of)
      return { reversed: takenBy(history, key), found: true, replayed: true }
    },
    async (account) => {
      const history = await historyOf(ports, account, of)
      const granted = grantedBy(history)
      if (granted === 0) return { answer: { reversed: 0, found: false, replayed: false } }
      const refunded = [...openReversals(history).map((entry) => entry.money?.amount ?? 0), money.amount]
      const due = share(granted, sum(refunded), money.paid) - takenSoFar(history)
      const reversed = Math.max(0, due)

      const at = ports.now()
      const cancels = cancelEntries(account, { key, source, of, at }, reversed)
      const taken = reversed - sum(cancels.map((entry) => entry.cancels ?? 0))
      const entry: LogEntry = { key, kind: 'reversal', amount: -taken || 0, at, source, of, money }
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
 * Gives back what a reversal took, because its refund failed or its dispute was won: as much as the money that is still
 * refunded does not account for. Safe to repeat with its key.
 * @param request `undoes` is the key of the reversal
 * @returns credits given back; `found` is false when there is no such reversal (yet)
 * @throws IdempotencyConflict, AccountNotFound, CreditsUnavailable
 */
export function restoreReversal(
  request: { accountId: Types.ObjectId; key: string; source: EntrySource; of: SourceRef; undoes: string },
  ports: CreditPorts = livePorts,
): Promise<Restored> {
  const { accountId, key, source, of, undoes } = request
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
      const others = open.filter((entry) => entry !== undone).map((entry) => entry.money?.amount ?? 0)
      const stillDue = share(grantedBy(history), sum(others), undone.money.paid)
      const restored = Math.max(0, takenSoFar(history) - stillDue)

      const at = ports.now()
      const first = history.find((entry) => entry.grant)?.grant
      const expiresAt = first && first.expiresAt > at ? first.expiresAt : NEVER
      const grant = {
        id: grantIdOf(key),
        source,
        category: first?.category ?? ('paid' as const),
        priority: first?.priority ?? 50,
        granted: restored,
        effectiveAt: at,
        expiresAt,
        createdAt: at,
      }
      const entry: LogEntry = {
        key,
        kind: 'restore',
        amount: restored,
        at,
        source,
        of,
        undoes,
        grantId: grant.id,
        grant,
      }
      return {
        change: { entries: [entry], credits: restored, wakeAt: expiresAt },
        answer: () => ({ restored, found: true, replayed: false }),
      }
    },
  )
}

/**
 * Notes that what was taken of a source stays taken, because its dispute was lost: an entry without credits, which the
 * ledger shows. Safe to repeat with its key.
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

/**
 * The reversals of a source that nothing has undone.
 * @returns for each its key and the money that went back, in minor units
 */
export async function listReversals(
  accountId: Types.ObjectId,
  of: SourceRef,
  ports: CreditPorts = livePorts,
): Promise<{ key: string; amount: number }[]> {
  const history = await historyOf(ports, await readAccount(ports, accountId), of)
  return openReversals(history).map(({ key, money }) => ({ key, amount: money?.amount ?? 0 }))
}

/** What stands taken back of a source: less what was given back again. */
export async function reversedOfSource(
  accountId: Types.ObjectId,
  of: SourceRef,
  ports: CreditPorts = livePorts,
): Promise<number> {
  return takenSoFar(await historyOf(ports, await readAccount(ports, accountId), of))
}

/** Everything that granted from a source or took back of it: the ledger's entries and those still in the log. */
async function historyOf(ports: CreditPorts, account: CreditAccount, of: SourceRef): Promise<LogEntry[]> {
  const concerns = (entry: LogEntry) =>
    entry.of ? entry.of.type === of.type && entry.of.id === of.id : isGrantOf(entry, of)
  const byKey = new Map<string, LogEntry>()
  for (const entry of await ports.store.findEntriesOfSource(account._id, of.id)) byKey.set(entry.key, entry)
  for (const entry of account.pending) byKey.set(entry.key, entry)
  return [...byKey.values()].filter(concerns)
}

const isGrantOf = (entry: LogEntry, of: SourceRef): boolean =>
  entry.grant !== undefined && entry.source.type === of.type && entry.source.id === of.id

/** What the source granted, or will. */
const grantedBy = (history: LogEntry[]): number =>
  sum(history.filter((entry) => !entry.of).map((entry) => entry.grant?.granted ?? 0))

/** Reversals that nothing has undone. */
function openReversals(history: LogEntry[]): LogEntry[] {
  const undone = new Set(history.map((entry) => entry.undoes))
  return history.filter((entry) => entry.kind === 'reversal' && entry.money && !undone.has(entry.key))
}

/** What has been taken back of the source in all, less what was given back. */
const takenSoFar = (history: LogEntry[]): number =>
  sum(history.filter((entry) => entry.of).map((entry) => (entry.cancels ?? 0) - entry.amount))

/** What one reversal took: its own entry and the cancellations written with it. */
const takenBy = (history: LogEntry[], key: string): number =>
  sum(
    history
      .filter((entry) => entry.key === key || entry.key.startsWith(`${key}:cancel:`))
      .map((entry) => (entry.cancels ?? 0) - entry.amount),
  )

/** Cancels what has not started of the source, the latest first, up to `credits`. */
function cancelEntries(
  account: CreditAccount,
  { key, source, of, at }: { key: string; source: EntrySource; of: SourceRef; at: Date },
  credits: number,
): LogEntry[] {
  const waiting = fold(account, account.pending)
    .grants.filter((grant) => !grant.started && grant.source.type === of.type && grant.source.id === of.id)
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

/** The share of the credits that goes back with the money, rounded toward zero, never more than was granted. */
const share = (granted: number, refunded: number, paid: number): number =>
  Number((BigInt(granted) * BigInt(Math.min(refunded, paid))) / BigInt(paid))

const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0)
