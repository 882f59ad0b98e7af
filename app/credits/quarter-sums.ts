import type { CreditDay, QuarterSums } from '#models/credit-day.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'

const DAY_MS = 86_400_000
export const QUARTER_MS = 900_000

/** An entry as the sums need it. */
export type SummedRow = Pick<CreditEntry, 'seq' | 'at' | 'kind' | 'action' | 'amount'>

/** A day's actions that have sums of their own: a program may name a new action in every call. */
const ACTIONS_MAX = 100
/** Stands for all further actions of a day; no action can have this name. */
export const FURTHER_ACTIONS = '*'

/** The UTC day of a moment, as its midnight. */
export const utcDay = (at: Date): Date => new Date(Math.floor(at.getTime() / DAY_MS) * DAY_MS)

/** The rows of each UTC day, by its midnight. */
export function byDay<Row extends SummedRow>(rows: readonly Row[]): Map<number, Row[]> {
  const days = new Map<number, Row[]>()
  for (const row of rows) {
    const day = utcDay(row.at).getTime()
    const rowsOfDay = days.get(day)
    if (rowsOfDay) rowsOfDay.push(row)
    else days.set(day, [row])
  }
  return days
}

/**
 * Adds rows of one UTC day to its sums.
 * @param day null for the first rows of the day
 * @param rows in the order of `seq`; the same rows in any number of steps give the same sums
 */
export function addRows(
  day: Pick<CreditDay, 'first' | 'last' | 'sums'> | null,
  rows: readonly SummedRow[],
): Pick<CreditDay, 'first' | 'last' | 'sums'> {
  const byName = new Map((day?.sums ?? []).map((sums) => [nameOf(sums.kind, sums.action), copyOf(sums)]))
  const actions = new Set((day?.sums ?? []).map(({ action }) => action))
  for (const { kind, action: named, at, amount } of rows) {
    const action = actions.has(named) || actions.size < ACTIONS_MAX ? named : FURTHER_ACTIONS
    actions.add(action)
    const name = nameOf(kind, action)
    const sums = byName.get(name) ?? {
      kind,
      ...(action !== undefined && { action }),
      quarters: [],
      gained: [],
      lost: [],
    }
    byName.set(name, sums)
    add(sums, Math.floor((at.getTime() % DAY_MS) / QUARTER_MS), amount)
  }
  const numbers = [...(day ? [day.first, day.last] : []), ...rows.map(({ seq }) => seq)]
  return { first: Math.min(...numbers), last: Math.max(...numbers), sums: [...byName.values()] }
}

function add({ quarters, gained, lost }: QuarterSums, quarter: number, amount: number): void {
  const known = quarters.lastIndexOf(quarter)
  const place = known === -1 ? quarters.push(quarter) - 1 : known
  gained[place] = (gained[place] ?? 0) + Math.max(amount, 0)
  lost[place] = (lost[place] ?? 0) + Math.max(-amount, 0)
}

const nameOf = (kind: string, action: string | undefined): string => `${kind} ${action ?? ''}`

const copyOf = ({ quarters, gained, lost, ...rest }: QuarterSums): QuarterSums => ({
  ...rest,
  quarters: [...quarters],
  gained: [...gained],
  lost: [...lost],
})
