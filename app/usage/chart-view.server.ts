import type { User } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { livePorts } from '../credits/ports.server.ts'
import { balanceOf } from '../credits/balance.server.ts'
import { readAccount } from '../credits/recorded.server.ts'
import { formatCredits, formatCreditsInWords, formatDate, formatDay, formatWeekday } from '../format.ts'
import { logger } from '../log.server.ts'
import {
  type Bar,
  barsOf,
  busiestDay,
  type DaySums,
  PERIODS,
  partsOf,
  rankActions,
  seriesOf,
  totalOf,
} from './chart.ts'
import { type Box, drawChart, type Drawing, type MarkLine } from './chart-drawing.ts'
import { sumByDay } from './day-sums.server.ts'
import { type Day, dayIn, daysUpTo, startOfDay, yearOf } from './days.ts'
import { actionName } from './entry-words.server.ts'
import { firstDayOfLastMonth, monthView } from './month-view.ts'
import { usageHref, type UsageQuery } from './filters.ts'
import type { Reader } from './usage-page.server.ts'

type ChartReader = Reader & Pick<User, 'subscription'>

/** A drawing with its texts. */
export type DrawingView = ReturnType<typeof toDrawingView>

/** The chart, drawn, with what it says in words. */
export type ChartView = ReturnType<typeof toView>

const WIDE: Box = { width: 720, height: 280 }
const NARROW: Box = { width: 358, height: 240 }
/** The axis shortens numbers from here on: "20K". No other number of credits is ever shortened. */
const SHORTEN_FROM = 10_000

const short = new Intl.NumberFormat('en-US', { notation: 'compact', maximumFractionDigits: 1 })

/**
 * Reads and draws the last days of an account, and compares its months.
 * @returns `actions` of the period for the filter below, the most expensive first; `view` is null when the sums cannot be
 * read, which the ledger does not need
 */
export async function readChart(user: ChartReader, query: UsageQuery) {
  const { period } = query
  const title = `The last ${period} days`
  const periods = PERIODS.map((days) => ({
    label: `${days} days`,
    href: usageHref(query, { period: days }),
    isCurrent: days === period,
  }))
  const { timeZone } = user
  const at = now()
  const today = dayIn(at, timeZone)
  const days = daysUpTo(today, period)
  try {
    const account = await readAccount(livePorts, user._id)
    const [first = today] = [days[0]!, firstDayOfLastMonth(today)].sort()
    const all = await sumByDay(account, { from: startOfDay(first, timeZone) }, timeZone)
    const sums = new Map([...all].filter(([day]) => day >= days[0]!))
    const bars = barsOf(days, sums)
    return {
      title,
      periods,
      actions: rankActions(bars).map(({ action }) => action),
      view: toView(bars, days, sums, title, timeZone),
      month: monthView(all, balanceOf(account, at), user, at),
    }
  } catch (error) {
    logger.error({ error }, 'The usage chart could not be read')
    return { title, periods, actions: [], view: null, month: null }
  }
}

function toView(bars: Bar[], days: Day[], sums: ReadonlyMap<Day, DaySums>, title: string, timeZone: string) {
  const series = seriesOf(bars)
  const withYear = yearOf(days[0] ?? '') !== yearOf(days.at(-1) ?? '')
  const named = series.map(({ action, total }) => ({
    name: action === null ? 'Other actions' : actionName(action),
    total,
  }))
  const { granted, removed } = totalOf(bars)
  const dayText = (day: Day) => (withYear ? formatDate : formatDay)(startOfDay(day, timeZone), timeZone)
  const weekdayText = (day: Day) => formatWeekday(startOfDay(day, timeZone), timeZone, { year: withYear })
  const labelOf = ({ from, to }: Bar) => (from === to ? weekdayText(from) : `${dayText(from)} to ${dayText(to)}`)
  const draw = (box: Box) => toDrawingView(drawChart(bars, series, box, signed), box, bars, dayText)
  return {
    title,
    sentence: sentenceOf(bars, sums, weekdayText),
    /** Shown until a bar is read out. */
    hint:
      days.length === bars.length
        ? 'Each bar is a day.'
        : `Each bar is about ${Math.round(days.length / bars.length)} days.`,
    /** The layers of the bars, the lowest first; the `parts` of a bar are in their order. */
    series: named,
    granted,
    removed,
    wide: draw(WIDE),
    narrow: draw(NARROW),
    bars: bars.map((bar) => {
      const label = labelOf(bar)
      const parts = partsOf(bar, series)
      const readout = `${label}: ${readoutOf(bar, parts, named)}`
      return { from: bar.from, label, readout, parts, spent: bar.spent, granted: bar.granted, removed: bar.removed }
    }),
  }
}

function toDrawingView(drawing: Drawing, box: Box, bars: Bar[], dayText: (day: Day) => string) {
  const { plot, rules } = drawing
  const first = bars[0]
  const last = bars.at(-1)
  const middle = bars[Math.floor(bars.length / 2)]
  return {
    ...drawing,
    ...box,
    rules: rules.map((rule) => ({ ...rule, text: axisText(rule.value) })),
    bars: drawing.bars.map(({ bar, parts }) => ({ key: bar.from, parts })),
    granted: markLineView(drawing.granted),
    removed: markLineView(drawing.removed),
    labels: [
      ...(first ? [{ x: plot.x, text: dayText(first.from), anchor: 'start' as const }] : []),
      ...(middle ? [{ x: plot.x + plot.width / 2, text: dayText(middle.from), anchor: 'middle' as const }] : []),
      ...(last ? [{ x: plot.x + plot.width, text: dayText(last.to), anchor: 'end' as const }] : []),
    ],
  }
}

const markLineView = (line: MarkLine | null) =>
  line && {
    y: line.y,
    marks: line.marks.map(({ x, labelX, credits }) => ({ x, labelX, text: signed(credits) })),
  }

const signed = (credits: number): string => formatCredits(credits, { signed: true })

const axisText = (value: number): string => (value < SHORTEN_FROM ? formatCredits(value) : short.format(value))

function sentenceOf(bars: Bar[], sums: ReadonlyMap<Day, DaySums>, weekdayText: (day: Day) => string): string {
  const { spent, granted, removed } = totalOf(bars)
  const busiest = busiestDay(sums)
  return [
    busiest ? `You spent ${formatCreditsInWords(spent)}.` : 'You spent nothing.',
    busiest && `Busiest day: ${weekdayText(busiest.day)} (${formatCredits(busiest.spent)}).`,
    granted > 0 && `${formatCreditsInWords(granted)} ${granted === 1 ? 'was' : 'were'} added.`,
    removed > 0 && `${formatCreditsInWords(removed)} expired or ${removed === 1 ? 'was' : 'were'} taken back.`,
  ]
    .filter(Boolean)
    .join(' ')
}

/** With more than one layer, also how much went to each. */
function readoutOf({ spent, granted, removed }: Bar, parts: number[], series: { name: string }[]): string {
  const split = parts.flatMap((credits, place) =>
    credits > 0 ? [`${series[place]?.name ?? ''} ${formatCredits(credits)}`] : [],
  )
  const texts = [
    spent > 0 && `spent ${formatCredits(spent)}${series.length > 1 ? ` (${split.join(', ')})` : ''}`,
    granted > 0 && `added ${formatCredits(granted)}`,
    removed > 0 && `expired or taken back ${formatCredits(removed)}`,
  ].filter(Boolean)
  return texts.length > 0 ? texts.join(', ') : 'nothing'
}
