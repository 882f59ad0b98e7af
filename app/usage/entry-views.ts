import type { CreditEntry } from '#models/credit-entry.server.ts'

/** An entry as the API shows it. */
export interface EntryJson {
  id: string
  seq: number
  kind: string
  credits: number
  balance: number
  at: string
  action: string | null
  source: { type: string; id: string; reason?: string }
  hold: { id: string; credits: number; expiresAt: string | null } | null
  burned: { grant: string; credits: number }[]
  metadata: Record<string, string>
}

/** Shows an entry to its owner: numbers as numbers, times as ISO texts. */
export function toEntryJson(entry: CreditEntry): EntryJson {
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
