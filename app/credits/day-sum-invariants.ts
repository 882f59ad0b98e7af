import type { CreditAccount } from '#models/credit-account.server.ts'
import type { CreditDay } from '#models/credit-day.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { addRows, byDay } from './quarter-sums.ts'

/**
 * Checks that an account's stored sums of days say what its ledger says.
 * @param account read before `days`
 * @param ledger its rows, in the order of `seq`
 * @returns one sentence per violation; none when all is well
 */
export function daySumViolations(
  { posted, summed = 0 }: Pick<CreditAccount, 'posted' | 'summed'>,
  ledger: readonly CreditEntry[],
  days: readonly CreditDay[],
): string[] {
  const found: string[] = []
  if (summed > posted) found.push(`the sums of days count ${summed} rows, and only ${posted} are posted`)
  const byTime = new Map(days.map((day) => [day.day.getTime(), day]))
  for (const [time, rows] of byDay(ledger)) {
    const day = byTime.get(time)
    byTime.delete(time)
    const counted = rows.filter(({ seq }) => seq < (day?.upTo ?? 0))
    const name = new Date(time).toISOString().slice(0, 10)
    if (rows.some(({ seq }) => seq < summed && seq >= (day?.upTo ?? 0))) {
      found.push(`the sums of ${name} lack rows below ${summed}`)
    }
    if (day && !isSame(day, counted)) found.push(`the sums of ${name} are not those of the ledger`)
  }
  for (const day of byTime.values()) found.push(`the ledger has no rows for the sums of ${day.day.toISOString()}`)
  return found
}

function isSame({ first, last, sums }: CreditDay, rows: CreditEntry[]): boolean {
  return rows.length > 0 && JSON.stringify(addRows(null, rows)) === JSON.stringify({ first, last, sums })
}
