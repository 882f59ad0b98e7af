import type { CapPeriod, CapRecord, SpendingCap } from '#models/credit-account.server.ts'
import { capName } from '#app/credits/spending-caps.ts'
import { formatCredits, formatDateTime } from '#app/format.ts'

/** The caps of the account, or of one API key, as the page shows them. */
export function capsView(caps: CapRecord<SpendingCap>, spender: string | undefined, at: Date, timeZone: string) {
  const view = (period: CapPeriod) => capView(period, caps[capName(period, spender)], at, timeZone)
  return { day: view('day'), month: view('month') }
}

/** Empty without a cap. */
function capView(period: CapPeriod, cap: SpendingCap | undefined, at: Date, timeZone: string) {
  if (!cap) return { max: '', hint: 'Leave empty for no cap.' }
  // The count of a period that has ended is stored until the next spend.
  const used = cap.resetsAt > at ? cap.used : 0
  const when = period === 'day' ? 'today' : 'this month'
  const resets = cap.resetsAt > at ? ` Resets on ${formatDateTime(cap.resetsAt, timeZone, at)}.` : ''
  return { max: String(cap.max), hint: `${formatCredits(used)} of ${formatCredits(cap.max)} used ${when}.${resets}` }
}
