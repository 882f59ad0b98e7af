import type { Types } from 'mongoose'
import type { EntrySource, Grant, LogEntry } from '#models/credit-account.server.ts'
import { IdempotencyConflict } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { burnOrder, fold } from './fold.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { findRecorded } from './recorded.server.ts'
import { tick } from './tick.server.ts'

export interface CapRequest {
  accountId: Types.ObjectId
  /** From keys.ts: one per occasion. */
  key: string
  /** How much may stay of the grants that count, in all. */
  max: number
  /** Which of these sources' grants count; asked in each round, since a grant may have come meanwhile. */
  counts: (sources: Pick<EntrySource, 'type' | 'id'>[]) => Promise<Pick<EntrySource, 'type' | 'id'>[]>
  /** Once this key is recorded it is too late: what the grant under it brought must not count as left over. */
  before: string
  /** Why; the ledger shows it. */
  reason: string
}

/**
 * Takes what is left of some grants above a number, from those grants and no others: packs and gifts keep what they
 * have, held credits stay held, and the balance does not go below zero. How much that is, is worked out inside the
 * fenced round from what spends have left. Safe to repeat with its key, at once and late.
 * @returns credits taken by this key
 * @throws IdempotencyConflict, AccountNotFound, CreditsUnavailable
 */
export function capCredits(request: CapRequest, ports: CreditPorts = livePorts): Promise<number> {
  const { accountId, key, max, counts, before, reason } = request
  return fenced<number>(
    ports,
    accountId,
    key,
    async (recorded, account) => {
      if (recorded.kind !== 'adjust') throw new IdempotencyConflict()
      let taken = 0
      for (
        let part = 0, entry: LogEntry | null = recorded;
        entry;
        entry = await findRecorded(ports, account, partOf(key, part))
      ) {
        taken -= entry.amount
        part++
      }
      return taken
    },
    async (account) => {
      if (await findRecorded(ports, account, before)) return { answer: 0 }
      const at = ports.now()
      if (account.nextChange <= at) {
        await tick(ports, accountId)
        return 'again'
      }
      const left = fold(account, account.pending).grants.filter(({ started, remaining }) => started && remaining > 0)
      const sources = await counts(left.map(({ source }) => source))
      const isOf = ({ source }: Grant) => sources.some(({ type, id }) => source.type === type && source.id === id)
      const grants = left.filter(isOf).sort(burnOrder)
      let above = grants.reduce((sum, { remaining }) => sum + remaining, 0) - max
      const entries: LogEntry[] = []
      for (const { id, remaining } of grants) {
        const amount = Math.min(above, remaining)
        if (amount <= 0) break
        above -= amount
        const source = { type: 'admin' as const, id: 'billing', reason }
        entries.push({ key: partOf(key, entries.length), kind: 'adjust', amount: -amount, at, source, grantId: id })
      }
      if (entries.length === 0) return { answer: 0 }
      const credits = entries.reduce((sum, entry) => sum + entry.amount, 0)
      // Spends leave the version alone, and what is left is worth what they have left.
      return { change: { entries, credits }, when: { credits: account.credits }, answer: () => -credits }
    },
  )
}

const partOf = (key: string, part: number): string => (part === 0 ? key : `${key}:${part}`)
