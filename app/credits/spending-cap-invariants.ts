import type { CapName, CreditAccount, LogEntry, SpendingCap } from '#models/credit-account.server.ts'
import { sum } from '../sum.ts'
import { partsOf, periodStart } from './spending-caps.ts'

/** Clocks of processes differ: so close to the start of a period an entry may count in either. */
const CLOCKS_DIFFER_MS = 20 * 60_000

/**
 * Checks what the caps of a whole account count against its entries, which do not say whose API key spent.
 * @param entries all of the ledger and the log
 */
export function capViolations(account: CreditAccount, entries: readonly LogEntry[]): string[] {
  const caps = Object.entries(account.spendingCaps ?? {}) as [CapName, SpendingCap][]
  return caps.flatMap(([name, { used, resetsAt }]) => {
    const { period, spender } = partsOf(name)
    if (spender !== undefined) return used >= 0 ? [] : [`the cap ${name} counts ${used} credits`]
    const start = periodStart(period, new Date(resetsAt.getTime() - 1)).getTime()
    const least = countedSince(account, entries, start + CLOCKS_DIFFER_MS)
    const most = countedSince(account, entries, start - CLOCKS_DIFFER_MS, { withEarlierHolds: true })
    if (used >= least && used <= most) return []
    return [`the cap of a ${period} counts ${used} credits, entries say ${least} to ${most}`]
  })
}

/** Credits spent, captured or held; a hold that was captured counts where it was placed. */
function countedSince(
  { holds }: CreditAccount,
  entries: readonly LogEntry[],
  from: number,
  { withEarlierHolds = false } = {},
): number {
  const isSince = ({ at }: { at: Date }) => at.getTime() >= from
  const placed = new Set(entries.filter((entry) => entry.kind === 'hold' && isSince(entry)).map(({ hold }) => hold))
  const spent = entries.filter((entry) => entry.kind === 'spend' && isSince(entry))
  const captured = entries.filter(
    (entry) => entry.kind === 'capture' && (placed.has(entry.hold) || (withEarlierHolds && isSince(entry))),
  )
  const open = holds.filter(({ id }) => withEarlierHolds || placed.has(id))
  return -sum([...spent, ...captured].map(({ amount }) => amount)) + sum(open.map(({ amount }) => amount))
}
