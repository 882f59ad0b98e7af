import type { Types } from 'mongoose'
import { readUpToDate } from '../credits/ledger.server.ts'
import { sum } from '../sum.ts'
import { sumByDay } from './day-sums.server.ts'
import { addDays, type Day, startOfDay } from './days.ts'
import type { UsageRequest } from './usage-query.ts'

type DayTotals = Awaited<ReturnType<typeof sumByDay>> extends Map<Day, infer Totals> ? Totals : never

/**
 * Sums what an account's entries moved, as `GET /api/usage` shows it: in all, and by day and action where that was asked for.
 * Every day of the time is listed, also one without entries.
 * @throws AccountNotFound
 */
export async function readUsage(accountId: Types.ObjectId, { from, to, by, timeZone }: UsageRequest) {
  const filter = { from: startOfDay(from, timeZone), to: startOfDay(to, timeZone) }
  const byDay = await sumByDay(await readUpToDate(accountId), filter, timeZone)
  const days: Day[] = []
  for (let day = from; day < to; day = addDays(day, 1)) days.push(day)
  const totals = days.flatMap((day) => byDay.get(day) ?? [])
  const withActions = by.includes('action')
  return {
    from,
    to,
    timeZone,
    totals: figuresOf(totals),
    ...(by.includes('day') && {
      days: days.map((day) => {
        const ofDay = [byDay.get(day) ?? []].flat()
        return { day, ...figuresOf(ofDay), ...(withActions && { actions: actionsOf(ofDay) }) }
      }),
    }),
    ...(withActions && { actions: actionsOf(totals) }),
  }
}

const figuresOf = (days: DayTotals[]) => ({
  spent: sum(days.map(({ spent }) => spent)),
  added: sum(days.map(({ granted }) => granted)),
  removed: sum(days.map(({ removed }) => removed)),
  net: sum(days.map(({ net }) => net)),
})

/** What was spent on each action, the most first. A day's sums name a limited number of actions; null stands for the rest. */
function actionsOf(days: DayTotals[]): { action: string | null; spent: number }[] {
  const byAction = new Map<string, number>()
  for (const day of days) {
    for (const [action, credits] of day.byAction) byAction.set(action, (byAction.get(action) ?? 0) + credits)
  }
  const named = [...byAction]
    .filter(([, spent]) => spent > 0)
    .sort(([one, a], [other, b]) => b - a || (one < other ? -1 : 1))
    .map(([action, spent]) => ({ action, spent }))
  const rest = sum(days.map(({ spent }) => spent)) - sum(named.map(({ spent }) => spent))
  return rest > 0 ? [...named, { action: null, spent: rest }] : named
}
