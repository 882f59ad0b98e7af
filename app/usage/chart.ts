import type { Day } from './days.ts'

/** The credits that moved on a day; every number is positive. */
export interface DaySums {
  spent: number
  /** The parts of `spent` by action id; the greatest ones, if a day has very many. */
  byAction: ReadonlyMap<string, number>
  granted: number
  /** Expired, or taken back by a refund or a correction. */
  removed: number
}

/** One bar of the chart: one day, or several days together. */
export interface Bar extends DaySums {
  from: Day
  to: Day
}

/** One layer of the bars: an action, or all actions without a layer of their own. */
export interface Series {
  /** Null for the shared layer. */
  action: string | null
  total: number
}

export const BARS = 30
/** Periods that the chart can show, in days. */
export const PERIODS = [30, 90, 365] as const
export type Period = (typeof PERIODS)[number]

/** The number of fills that can be told apart without color. */
export const SERIES_MAX = 4

/**
 * Puts days together into thirty bars. If they do not divide evenly, some bars have a day more than others.
 * @param days all days of the period, oldest first
 * @param sums only of days on which credits moved
 */
export function barsOf(days: Day[], sums: ReadonlyMap<Day, DaySums>): Bar[] {
  const bars: (Bar & { byAction: Map<string, number> })[] = []
  days.forEach((day, index) => {
    const place = Math.floor((index * BARS) / Math.max(days.length, BARS))
    const bar = (bars[place] ??= { from: day, to: day, spent: 0, byAction: new Map(), granted: 0, removed: 0 })
    bar.to = day
    const moved = sums.get(day)
    if (!moved) return
    bar.spent += moved.spent
    bar.granted += moved.granted
    bar.removed += moved.removed
    for (const [action, credits] of moved.byAction) {
      bar.byAction.set(action, (bar.byAction.get(action) ?? 0) + credits)
    }
  })
  return bars
}

/** What was spent on each action, the greatest first. */
export function rankActions(bars: Bar[]): { action: string; total: number }[] {
  const totals = new Map<string, number>()
  for (const { byAction } of bars) {
    for (const [action, credits] of byAction) totals.set(action, (totals.get(action) ?? 0) + credits)
  }
  return [...totals]
    .filter(([, total]) => total > 0)
    .sort(([one, a], [other, b]) => b - a || one.localeCompare(other))
    .map(([action, total]) => ({ action, total }))
}

/** Finds the layers of the bars: one per action, the greatest first. If there are too many, the last one holds the rest. */
export function seriesOf(bars: Bar[]): Series[] {
  const ranked = rankActions(bars)
  if (ranked.length <= SERIES_MAX) return ranked
  const own = ranked.slice(0, SERIES_MAX - 1)
  const rest = totalOf(bars).spent - own.reduce((sum, { total }) => sum + total, 0)
  return [...own, { action: null, total: rest }]
}

/** What a bar has in each layer, in the order of the layers; the sum is what the bar spent. */
export function partsOf({ byAction, spent }: Bar, series: Series[]): number[] {
  const own = series.map(({ action }) => (action === null ? 0 : (byAction.get(action) ?? 0)))
  const rest = spent - own.reduce((sum, part) => sum + part, 0)
  return series.map(({ action }, index) => (action === null ? rest : (own[index] ?? 0)))
}

/** The totals of all bars. */
export function totalOf(bars: Bar[]): Omit<DaySums, 'byAction'> {
  return bars.reduce(
    (sum, { spent, granted, removed }) => ({
      spent: sum.spent + spent,
      granted: sum.granted + granted,
      removed: sum.removed + removed,
    }),
    { spent: 0, granted: 0, removed: 0 },
  )
}

/** The day on which most was spent, the latest of equals; null if nothing was. */
export function busiestDay(sums: ReadonlyMap<Day, DaySums>): { day: Day; spent: number } | null {
  let busiest: { day: Day; spent: number } | null = null
  for (const [day, { spent }] of [...sums].sort(([one], [other]) => one.localeCompare(other))) {
    if (spent > 0 && spent >= (busiest?.spent ?? 0)) busiest = { day, spent }
  }
  return busiest
}
