import { now } from '../clock.server.ts'
import { formatCredits, formatCreditsInWords, formatDay, formatWeekday } from '../format.ts'
import { logger } from '../log.server.ts'
import {
  type Bar,
  barsOf,
  type Box,
  busiestDay,
  type DaySums,
  drawChart,
  type Drawing,
  PERIODS,
  totalOf,
} from './chart.ts'
import { sumByDay } from './day-sums.server.ts'
import { type Day, dayIn, daysUpTo, startOfDay } from './days.ts'
import { usageHref, type UsageQuery } from './filters.ts'
import type { Reader } from './usage-page.server.ts'

/** A drawing with its texts. */
export interface DrawingView extends Omit<Drawing, 'rules'>, Box {
  rules: { value: number; y: number; text: string }[]
  labels: { x: number; text: string; anchor: 'start' | 'middle' | 'end' }[]
}

/** The chart, drawn, with what it says in words. */
export interface ChartView {
  title: string
  sentence: string
  /** Stands where the bars are read out, until one is. */
  hint: string
  wide: DrawingView
  narrow: DrawingView
  bars: (DaySums & { from: Day; label: string; readout: string })[]
}

/** The chart's place on the page; `view` is null when the sums cannot be read, which the ledger does not need. */
export interface ChartOnPage {
  title: string
  periods: { label: string; href: string; isCurrent: boolean }[]
  view: ChartView | null
}

const WIDE: Box = { width: 720, height: 240 }
const NARROW: Box = { width: 358, height: 200 }
/** From here on an axis shortens: "20K". Nowhere else is a number of credits ever shortened. */
const SHORTEN_FROM = 10_000

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/** Reads and draws the last days of an account. */
export async function readChart(user: Reader, query: UsageQuery): Promise<ChartOnPage> {
  const { period } = query
  const title = `The last ${period} days`
  const periods = PERIODS.map((days) => ({
    label: `${days} days`,
    href: usageHref(query, { period: days }),
    isCurrent: days === period,
  }))
  try {
    return { title, periods, view: await draw(user, period, title) }
  } catch (error) {
    logger.error({ error }, 'the usage chart could not be read')
    return { title, periods, view: null }
  }
}

async function draw(user: Reader, period: number, title: string): Promise<ChartView> {
  const { timeZone } = user
  const days = daysUpTo(dayIn(now(), timeZone), period)
  const sums = await sumByDay(user._id, { from: startOfDay(days[0] ?? '', timeZone) }, timeZone)
  const bars = barsOf(days, sums)
  const labels = bars.map((bar) => labelOf(bar, timeZone))
  return {
    title,
    sentence: sentenceOf(bars, sums, period, timeZone),
    hint: period === bars.length ? 'Each bar is a day.' : `Each bar is about ${Math.round(period / bars.length)} days.`,
    wide: toDrawingView(bars, WIDE, timeZone),
    narrow: toDrawingView(bars, NARROW, timeZone),
    bars: bars.map((bar, index) => ({
      ...bar,
      label: labels[index] ?? '',
      readout: readoutOf(bar, labels[index] ?? ''),
    })),
  }
}

function toDrawingView(bars: Bar[], box: Box, timeZone: string): DrawingView {
  const drawing = drawChart(bars, box)
  const ends: [index: number, anchor: DrawingView['labels'][number]['anchor']][] = [
    [0, 'start'],
    [Math.floor(bars.length / 2), 'middle'],
    [bars.length - 1, 'end'],
  ]
  return {
    ...drawing,
    ...box,
    rules: drawing.rules.map((rule) => ({ ...rule, text: axisText(rule.value) })),
    labels: ends.flatMap(([index, anchor]) => {
      const drawn = drawing.bars[index]
      if (!drawn) return []
      const { column, bar } = drawn
      const x = anchor === 'start' ? column.x : anchor === 'end' ? column.x + column.width : column.x + column.width / 2
      const day = anchor === 'end' ? bar.to : bar.from
      return [{ x, anchor, text: formatDay(startOfDay(day, timeZone), timeZone) }]
    }),
  }
}

const axisText = (value: number): string =>
  Math.abs(value) < SHORTEN_FROM ? formatCredits(value) : `${value < 0 ? '\u2212' : ''}${short.format(Math.abs(value))}`

function sentenceOf(bars: Bar[], sums: ReadonlyMap<Day, DaySums>, period: number, timeZone: string): string {
  const { spent, lost } = totalOf(bars)
  const busiest = busiestDay(sums)
  const gone = lost ? ` ${formatCreditsInWords(lost)} expired or ${lost === 1 ? 'was' : 'were'} taken back.` : ''
  if (!busiest) return `You spent nothing in the last ${period} days.${gone}`
  const day = formatWeekday(startOfDay(busiest.day, timeZone), timeZone)
  const most = `most on ${day}: ${formatCredits(busiest.spent)}`
  return `You spent ${formatCreditsInWords(spent)} in the last ${period} days, ${most}.${gone}`
}

function readoutOf({ granted, spent, lost }: Bar, label: string): string {
  const parts = [
    spent && `spent ${formatCredits(spent)}`,
    granted && `granted ${formatCredits(granted)}`,
    lost && `expired or taken back ${formatCredits(lost)}`,
  ].filter(Boolean)
  return `${label}: ${parts.length ? parts.join(', ') : 'nothing'}`
}

function labelOf({ from, to }: Bar, timeZone: string): string {
  const first = startOfDay(from, timeZone)
  return from === to
    ? formatWeekday(first, timeZone)
    : `${formatDay(first, timeZone)} to ${formatDay(startOfDay(to, timeZone), timeZone)}`
}
