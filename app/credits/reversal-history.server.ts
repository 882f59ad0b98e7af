import type { Types } from 'mongoose'
import type { CreditAccount, EntrySource, LogEntry } from '#models/credit-account.server.ts'
import { sum } from '../sum.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import type { MoneyClaim } from './reversed-share.ts'

/** An invoice or a payment, as the source of credits. */
export type SourceRef = Pick<EntrySource, 'type' | 'id'>

export interface OpenReversal {
  key: string
  /** The money returned, in minor units, and the parts of the source it is known to be for. */
  amount: number
  named: number
}

/** A source's reversals that were not undone. */
export async function listReversals(
  accountId: Types.ObjectId,
  of: SourceRef,
  ports: CreditPorts = livePorts,
): Promise<OpenReversal[]> {
  const history = await historyOf(ports, await readAccount(ports, accountId), of)
  return openReversals(history).map(({ key, money }) => ({
    key,
    amount: money?.amount ?? 0,
    named: sum((money?.parts ?? []).map(({ amount }) => amount)),
  }))
}

/** The credits currently reversed for a source. */
export async function reversedOfSource(
  accountId: Types.ObjectId,
  of: SourceRef,
  ports: CreditPorts = livePorts,
): Promise<number> {
  return takenSoFar(await historyOf(ports, await readAccount(ports, accountId), of))
}

/** Everything that granted from a source or took back of it: the ledger's entries and those still in the log. */
export async function historyOf(ports: CreditPorts, account: CreditAccount, of: SourceRef): Promise<LogEntry[]> {
  const entries = await entriesOfSource(ports, account, of.id)
  return entries.filter((entry) => (entry.of ? isFrom(entry.of, of) : entry.grant && isFrom(entry.source, of)))
}

/**
 * The log and, from the ledger, every entry that names a source. The account was read first: an entry that a settle
 * moves meanwhile is read twice and counted once, by its key.
 */
export async function entriesOfSource(ports: CreditPorts, account: CreditAccount, id: string): Promise<LogEntry[]> {
  const posted = await ports.store.findEntriesOfSource(account._id, id)
  return [...new Map<string, LogEntry>([...posted, ...account.pending].map((entry) => [entry.key, entry])).values()]
}

export const isFrom = (source: SourceRef, of: SourceRef): boolean => source.type === of.type && source.id === of.id

export const grantedBy = (history: LogEntry[]): number =>
  sum(history.filter((entry) => !entry.of).map((entry) => entry.grant?.granted ?? 0))

/** Reversals in force: each until another entry undoes or replaces it. */
export function openReversals(history: LogEntry[]): LogEntry[] {
  const undone = new Set(history.map((entry) => entry.undoes))
  return history.filter((entry) => entry.money && !undone.has(entry.key))
}

export const claimsOf = (open: LogEntry[]): MoneyClaim[] =>
  open.map(({ money }) => ({ amount: money?.amount ?? 0, parts: money?.parts }))

/** Credits reversed in all, less those restored. */
export const takenSoFar = (history: LogEntry[]): number =>
  sum(history.filter((entry) => entry.of).map((entry) => (entry.cancels ?? 0) - entry.amount))

/** Credits taken by one reversal: its own entry and the cancellations written with it. */
export const takenBy = (history: LogEntry[], key: string): number =>
  sum(
    history
      .filter((entry) => entry.key === key || entry.key.startsWith(`${key}:cancel:`))
      .map((entry) => (entry.cancels ?? 0) - entry.amount),
  )
