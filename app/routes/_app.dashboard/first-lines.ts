import type { PlainLedgerDay } from '#app/components/ledger.tsx'
import type { LedgerDayView } from '#app/usage/usage-page.server.ts'

/** The newest lines of the ledger, without their details. A day's sum remains that of the whole day. */
export function firstLines(days: LedgerDayView[], count: number): PlainLedgerDay[] {
  let left = count
  return days.flatMap((day) => {
    const lines = day.lines.slice(0, left)
    left -= lines.length
    return lines.length === 0 ? [] : [{ ...day, lines: lines.map(({ detail: _, ...line }) => line) }]
  })
}
