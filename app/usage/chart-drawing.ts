import { type Bar, partsOf, type Series } from './chart.ts'

/** The top of the axis and its rules. */
interface Scale {
  top: number
  /** From the top down, without zero. */
  rules: number[]
}

const RULES_MAX = 4

/** Finds the smallest step of 1, 2, 5, 10, 20, … that reaches a value with at most four rules. */
export function scaleFor(greatest: number): Scale {
  for (let power = 1; ; power *= 10) {
    for (const digit of [1, 2, 5]) {
      const step = digit * power
      // An axis is drawn even if nothing was spent.
      const count = Math.max(Math.ceil(greatest / step), 1)
      if (count > RULES_MAX) continue
      return { top: count * step, rules: Array.from({ length: count }, (_, index) => (count - index) * step) }
    }
  }
}

export interface Box {
  width: number
  height: number
}

interface Rect {
  x: number
  y: number
  width: number
  height: number
}

/** One bar: its layers from the zero line up. */
interface DrawnBar {
  bar: Bar
  /** `series` is the layer's place among the series. */
  parts: (Rect & { series: number })[]
}

/** Credits that were added or removed without being spent: a mark above the bar, always of one size. */
export interface Mark {
  /** Where it points to. */
  x: number
  /** Signed. */
  credits: number
  /** Where its number is; null where the number of a greater mark took the space. */
  labelX: number | null
}

/** The marks of one kind, all on one line. */
export interface MarkLine {
  /** The line's lower edge. */
  y: number
  marks: Mark[]
}

export interface Drawing {
  zeroY: number
  rules: { value: number; y: number }[]
  bars: DrawnBar[]
  granted: MarkLine | null
  removed: MarkLine | null
  plot: Rect
}

const ROOM = { top: 16, right: 4, bottom: 28, left: 64 }
/** A layer that is not zero must be visible, however small. */
const PART_MIN = 2
export const MARK_LINE = 30
/** The width of a character in the number of a mark, rather too wide than too narrow, and the gap between two numbers. */
const CHARACTER = 8
const GAP = 8

/**
 * Lays out the chart. Only spending has a scale: a grant is often a hundred times what is spent on a day, which would
 * be invisible on the same scale.
 * @param bars oldest first
 * @param series the layers, the lowest first
 * @param textOf how a mark's number is written
 */
export function drawChart(
  bars: Bar[],
  series: Series[],
  { width, height }: Box,
  textOf: (credits: number) => string = String,
): Drawing {
  const hasGranted = bars.some(({ granted }) => granted > 0)
  const hasRemoved = bars.some(({ removed }) => removed > 0)
  const lines = Number(hasGranted) + Number(hasRemoved)
  const top = ROOM.top + lines * MARK_LINE
  const plot: Rect = {
    x: ROOM.left,
    y: top,
    width: width - ROOM.left - ROOM.right,
    height: height - top - ROOM.bottom,
  }
  const scale = scaleFor(Math.max(0, ...bars.map(({ spent }) => spent)))
  const perCredit = plot.height / scale.top
  const zeroY = plot.y + plot.height
  const slot = plot.width / Math.max(bars.length, 1)
  const barWidth = round(slot * 0.68)

  const markLine = (what: 'granted' | 'removed', y: number): MarkLine => {
    const marks = bars.flatMap((bar, index) =>
      bar[what] > 0
        ? [{ x: round(plot.x + (index + 0.5) * slot), credits: what === 'removed' ? -bar[what] : bar[what] }]
        : [],
    )
    return { y, marks: withLabels(marks, plot, textOf) }
  }
  return {
    zeroY,
    rules: scale.rules.map((value) => ({ value, y: round(zeroY - value * perCredit) })),
    bars: bars.map((bar, index) => {
      const x = round(plot.x + index * slot + (slot - barWidth) / 2)
      let y = zeroY
      const parts = partsOf(bar, series).flatMap((credits, place) => {
        if (credits <= 0) return []
        const tall = round(Math.max(credits * perCredit, PART_MIN))
        y = round(y - tall)
        return [{ series: place, x, y, width: barWidth, height: tall }]
      })
      return { bar, parts }
    }),
    granted: hasGranted ? markLine('granted', MARK_LINE) : null,
    removed: hasRemoved ? markLine('removed', lines * MARK_LINE) : null,
    plot,
  }
}

/** Gives numbers to the marks that have space for one, the greatest first. */
function withLabels(marks: Omit<Mark, 'labelX'>[], plot: Rect, textOf: (credits: number) => string): Mark[] {
  const taken: [from: number, to: number][] = []
  const labels = new Map<number, number>()
  for (const { x, credits } of [...marks].sort((one, other) => Math.abs(other.credits) - Math.abs(one.credits))) {
    const half = (textOf(credits).length * CHARACTER) / 2
    const middle = Math.min(Math.max(x, plot.x + half), plot.x + plot.width - half)
    if (taken.some(([from, to]) => middle - half < to + GAP && middle + half > from - GAP)) continue
    taken.push([middle - half, middle + half])
    labels.set(x, round(middle))
  }
  return marks.map((mark) => ({ ...mark, labelX: labels.get(mark.x) ?? null }))
}

const round = (value: number): number => Math.round(value * 100) / 100
