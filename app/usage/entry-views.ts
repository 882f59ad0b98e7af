import type { CreditEntry } from '#models/credit-entry.server.ts'

/** An entry as the API shows it. */
export type EntryJson = ReturnType<typeof toEntryJson>

/** Shows an entry to its owner: numbers as numbers, times as ISO texts. */
export function toEntryJson(entry: CreditEntry) {
  const { type, id, reason } = entry.source
  return {
    id: entry._id,
    seq: entry.seq,
    kind: entry.kind,
    credits: entry.amount,
    balance: entry.balance,
    at: entry.at.toISOString(),
    action: entry.action ?? null,
    source: { type, id, ...(reason !== undefined && { reason }) },
    hold:
      entry.hold === undefined
        ? null
        : { id: entry.hold, credits: entry.holds ?? 0, expiresAt: entry.holdExpiresAt?.toISOString() ?? null },
    burned: entry.burned.map(([grant, credits]) => ({ grant, credits })),
    metadata: { ...entry.metadata },
  }
}
