import type { CapPeriod, SpendingCap } from '#models/credit-account.server.ts'
import { formatCredits, formatDateTime } from '#app/format.ts'

/** A cap as the page shows it; empty without one. */
export function capView(period: CapPeriod, cap: SpendingCap | undefined, at: Date, timeZone: string) {
  if (!cap) return { max: '', hint: 'Leave empty for no cap.' }
  // The count of a period that has ended is stored until the next spend.
  const used = cap.resetsAt > at ? cap.used : 0
  const when = period === 'day' ? 'today' : 'this month'
  const resets = cap.resetsAt > at ? ` Resets on ${formatDateTime(cap.resetsAt, timeZone, at)}.` : ''
  return { max: String(cap.max), hint: `${formatCredits(used)} of ${formatCredits(cap.max)} used ${when}.${resets}` }
}
