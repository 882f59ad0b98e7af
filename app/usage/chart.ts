import type { Day } from './days.ts'

/** What moved on one day; every number is positive. */
export interface DaySums {
  spent: number
  granted: number
  /** Expired, or taken back by a refund or a correction. */
  lost: number
}

/** One bar of the chart: one day, or several days together. */
export interface Bar extends DaySums {
  from: Day
  to: Day
}

/** How far the axis goes, and where its rules are. */
export interface Scale {
  step: number
  /** Highest value above the zero line. */
  top: number
  /** Greatest value below it, as a positive number. */
  bottom: number
  /** Values of the rules, without zero, from the top down. */
  rules: number[]
}

export const BARS = 30
/** Periods that the chart can show, in days. */
export const PERIODS = [30, 90, 365] as const
export type Period = (typeof PERIODS)[number]

const RULES_MAX = 3

/**
 * Puts days together into thirty bars. Where they do not divide evenly, some bars have a day more than others.
 * @param days all days of the period, oldest first
 * @param sums what moved on the days on which anything did
 */
export function barsOf(days: Day[], sums: ReadonlyMap<Day, DaySums>): Bar[] {
  const bars: Bar[] = []
  days.forEach((day, index) => {
    const place = Math.floor((index * BARS) / Math.max(days.length, BARS))
    const bar = (bars[place] ??= { from: day, to: day, spent: 0, granted: 0, lost: 0 })
    const moved = sums.get(day)
    bar.to = day
    bar.spent += moved?.spent ?? 0
    bar.granted += moved?.granted ?? 0
    bar.lost += moved?.lost ?? 0
  })
  return bars
}

/**
 * Finds the smallest step of 1, 2, 5, 10, 20, … with which at most three rules cover what is above and below zero.
 * @param above greatest value above the zero line
 * @param below greatest value below it, as a positive number
 */
export function scaleFor(above: number, below: number): Scale {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) {
      const step = digit * power
      const up = Math.ceil(above / step)
      const down = Math.ceil(below / step)
      if (up + down > RULES_MAX) continue
      // An account on which nothing moved still gets a zero line with room above and below it.
      const [rulesUp, rulesDown] = up + down === 0 ? [1, 1] : [up, down]
      const rules = Array.from({ length: rulesUp + rulesDown + 1 }, (_, index) => (rulesUp - index) * step)
      return {
        step,
        top: rulesUp * step,
        bottom: rulesDown * step,
        rules: rules.filter((value) => value !== 0),
      }
    }
  }
}

export interface Box {
  width: number
  height: number
}

export interface Rect {
  x: number
  y: number
  width: number
  height: number
}

/** One bar as rectangles; what is zero is not drawn. */
export interface DrawnBar {
  bar: Bar
  /** The whole column, for pointing at it. */
  column: Rect
  granted: Rect | null
  spent: Rect | null
  lost: Rect | null
}

export interface Drawing {
  zeroY: number
  rules: { value: number; y: number }[]
  bars: DrawnBar[]
  plot: Rect
}

const ROOM = { top: 12, right: 4, bottom: 28, left: 52 }
/** A bar that is not zero must be seen, however small it is beside the others. */
const BAR_MIN = 2

/**
 * Works out where everything of the chart stands: granted upward, spent downward and lost below it.
 * @param bars oldest first
 * @param box size of the drawing
 */
export function drawChart(bars: Bar[], { width, height }: Box): Drawing {
  const scale = scaleFor(Math.max(0, ...bars.map((bar) => bar.granted)), Math.max(0, ...bars.map(below)))
  const plot: Rect = {
    x: ROOM.left,
    y: ROOM.top,
    width: width - ROOM.left - ROOM.right,
    height: height - ROOM.top - ROOM.bottom,
  }
  const perCredit = plot.height / (scale.top + scale.bottom)
  const yOf = (value: number) => round(plot.y + (scale.top - value) * perCredit)
  const zeroY = yOf(0)
  const slot = plot.width / Math.max(bars.length, 1)
  const barWidth = round(slot * 0.68)

  const drawn = bars.map((bar, index): DrawnBar => {
    const x = round(plot.x + index * slot + (slot - barWidth) / 2)
    const rect = (y: number, credits: number): Rect | null =>
      credits === 0 ? null : { x, y: round(y), width: barWidth, height: round(Math.max(credits * perCredit, BAR_MIN)) }
    const granted = rect(0, bar.granted)
    const spent = rect(zeroY, bar.spent)
    return {
      bar,
      column: { x: round(plot.x + index * slot), y: plot.y, width: round(slot), height: plot.height },
      granted: granted && { ...granted, y: round(zeroY - granted.height) },
      spent,
      lost: rect(zeroY + (spent?.height ?? 0), bar.lost),
    }
  })
  return { zeroY, rules: scale.rules.map((value) => ({ value, y: yOf(value) })), bars: drawn, plot }
}

const below = (bar: Bar): number => bar.spent + bar.lost

const round = (value: number): number => Math.round(value * 100) / 100

/** What the bars come to together. */
export function totalOf(bars: Bar[]): DaySums {
  return bars.reduce(
    (sum, bar) => ({ spent: sum.spent + bar.spent, granted: sum.granted + bar.granted, lost: sum.lost + bar.lost }),
    { spent: 0, granted: 0, lost: 0 },
  )
}

/** The day on which most was spent, the latest of equals; null where nothing was. */
export function busiestDay(sums: ReadonlyMap<Day, DaySums>): { day: Day; spent: number } | null {
  let busiest: { day: Day; spent: number } | null = null
  for (const [day, { spent }] of [...sums].sort(([one], [other]) => one.localeCompare(other))) {
    if (spent > 0 && spent >= (busiest?.spent ?? 0)) busiest = { day, spent }
  }
  return busiest
}
