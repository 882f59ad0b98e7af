import type { Types } from 'mongoose'
import type { CreditEntry } from '#models/credit-entry.server.ts'
import { now } from '../clock.server.ts'
import { type EntryFilter, type EntryPage, listEntries, listNewestEntries } from '../credits/ledger.server.ts'
import { formatDate, formatDay, formatWeekday } from '../format.ts'
import { logger } from '../log.server.ts'
import { sum } from '../sum.ts'
import { withSearch } from '../with-search.ts'
import { sumByDay } from './day-sums.server.ts'
import { addDays, type Day, dayIn, startOfDay, yearOf } from './days.ts'
import { detailOf, runOf, wordsOf } from './entry-words.server.ts'
import { countFilters, neighbours, toEntryFilter, usageHref, type UsageQuery } from './filters.ts'
import { MOVING_KINDS } from './kinds.ts'

/** The owner of a ledger, and the zone in which its days begin. */
export interface Reader {
  _id: Types.ObjectId
  timeZone: string
}

const PAGE_SIZE = 50

/** More than the clocks of processes differ. */
const SKEW_MS = 60 * 60 * 1000

/** One day of the ledger's page, as the component takes it but with plain texts. */
export type LedgerDayView = ReturnType<typeof toDayViews>[number]

/** Reads a page of the ledger by day. A day that continues on the next page has the sum of the whole day. */
export async function readLedger(user: Reader, query: UsageQuery) {
  const filter = toEntryFilter(query, user.timeZone)
  const page = await listEntries(user._id, { ...filter, before: query.before ?? undefined, limit: PAGE_SIZE })
  const days = byDay(page, user.timeZone)
  const isWhole = query.before === null && page.nextBefore === null
  const sums = isWhole ? sumsIn(days) : await sumsOfDays(user, page, filter, days)
  return {
    days: toDayViews(days, sums, user.timeZone),
    range: rangeOf(page, user.timeZone, yearNow(user.timeZone)),
    nextBefore: page.nextBefore,
  }
}

/**
 * Reads the days of the newest entries that moved credits, for the overview. It takes one round of reads, unless nearly all
 * entries are reservations or the first day that is not shown as a whole has very many.
 * @param count how many entries will be shown; with their days there may be more
 */
export async function readNewestDays(user: Reader, count: number): Promise<LedgerDayView[]> {
  const filter = { kinds: MOVING_KINDS }
  const newest = await listNewestEntries(user._id, PAGE_SIZE)
  const moved = newest.entries.filter(({ kind }) => MOVING_KINDS.includes(kind))
  const isEnough = newest.nextBefore === null || moved.length >= count
  const page = isEnough ? { ...newest, entries: moved } : await listEntries(user._id, { ...filter, limit: PAGE_SIZE })
  const days = byDay(page, user.timeZone)
  const shown = days.filter((_, index) => sum(days.slice(0, index).map(({ entries }) => entries.length)) < count)
  const oldest = (isEnough ? newest : page).entries.at(-1)?.at.getTime() ?? 0
  const isWhole = ({ date }: LedgerDay) =>
    page.nextBefore === null || oldest < startOfDay(date, user.timeZone).getTime() - SKEW_MS
  const sums = shown.every(isWhole) ? sumsIn(shown) : await sumsOfDays(user, page, filter, shown)
  return toDayViews(shown, sums, user.timeZone)
}

interface LedgerDay {
  date: Day
  entries: CreditEntry[]
}

function byDay({ entries }: EntryPage, timeZone: string): LedgerDay[] {
  const days: LedgerDay[] = []
  for (const entry of entries) {
    const date = dayIn(entry.at, timeZone)
    // The clocks of processes differ, so an entry of yesterday may follow one of today.
    const known = days.find((day) => day.date === date)
    if (known) known.entries.push(entry)
    else days.push({ date, entries: [entry] })
  }
  return days
}

function toDayViews(days: LedgerDay[], sums: ReadonlyMap<Day, number>, timeZone: string) {
  const thisYear = yearNow(timeZone)
  return days.map(({ date, entries }) => ({
    date,
    label: formatWeekday(startOfDay(date, timeZone), timeZone, { year: yearOf(date) !== thisYear }),
    sum: sums.get(date) ?? 0,
    lines: entries.map((entry) => toLine(entry, timeZone)),
  }))
}

const yearNow = (timeZone: string): string => yearOf(dayIn(now(), timeZone))

const sumsIn = (days: LedgerDay[]): Map<Day, number> =>
  new Map(days.map(({ date, entries }) => [date, sum(entries.map(({ amount }) => amount))]))

async function sumsOfDays(
  user: Reader,
  { account }: EntryPage,
  filter: EntryFilter,
  days: LedgerDay[],
): Promise<Map<Day, number>> {
  if (days.length === 0) return new Map()
  const dates = days.map(({ date }) => date).sort()
  const from = startOfDay(dates[0] ?? '', user.timeZone)
  const to = startOfDay(addDays(dates.at(-1) ?? '', 1), user.timeZone)
  const totals = await sumByDay(account, { ...filter, from, to }, user.timeZone)
  return new Map([...totals].map(([day, { net }]) => [day, net]))
}

function toLine(entry: CreditEntry, timeZone: string) {
  return {
    id: entry._id,
    ...wordsOf(entry, timeZone),
    credits: entry.amount,
    balance: entry.balance,
    detail: detailOf(entry, timeZone),
    run: runOf(entry),
  }
}

/** "Showing 50 entries, 4 May to 12 Apr." */
function rangeOf({ entries }: EntryPage, timeZone: string, thisYear: string): string {
  const newest = entries[0]
  const oldest = entries.at(-1)
  if (!newest || !oldest) return ''
  const isThisYear = [newest, oldest].every(({ at }) => yearOf(dayIn(at, timeZone)) === thisYear)
  const [to, from] = [newest, oldest].map(({ at }) => (isThisYear ? formatDay : formatDate)(at, timeZone))
  const count = entries.length === 1 ? '1 entry' : `${entries.length} entries`
  return to === from ? `Showing ${count} of ${to}.` : `Showing ${count}, ${to} to ${from}.`
}

/** A page of the ledger with everything around it. */
export interface LedgerPage {
  state: 'entries' | 'empty' | 'no-match' | 'failed'
  days: LedgerDayView[]
  range: string
  older: string | null
  newer: string | null
  csvHref: string
  /** This page, for trying again. */
  href: string
}

/** Reads the part of the usage page under its chart. If the ledger cannot be read, the page renders and says so. */
export async function readLedgerPage(user: Reader, query: UsageQuery): Promise<LedgerPage> {
  const { kind, action, from, to } = query
  // All pages, with the mark that spreadsheets need.
  const csvHref = withSearch('/usage/csv', { kind, action, from, to, bom: '1' })
  const around = { csvHref, href: usageHref(query) }
  try {
    const { days, range, nextBefore } = await readLedger(user, query)
    const isFiltered = countFilters(query) > 0 || query.before !== null
    const state = days.length > 0 ? 'entries' : isFiltered ? 'no-match' : 'empty'
    return { state, days, range, ...neighbours(query, nextBefore), ...around }
  } catch (error) {
    logger.error({ error }, 'The ledger could not be read')
    return { state: 'failed', days: [], range: '', older: null, newer: null, ...around }
  }
}
