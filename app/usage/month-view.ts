import type { User } from '#models/user.server.ts'
import { renewsAt } from '../billing/entitlements/current-plan.ts'
import { packs } from '../billing/plans.ts'
import type { Balance } from '../credits/balance.server.ts'
import { formatCredits, formatCreditsInWords, formatDay, formatMoney } from '../format.ts'
import type { DaySums } from './chart.ts'
import { addDays, type Day, dayIn, daysUpTo } from './days.ts'
import { cheapestPack, runsOutAt } from './forecast.ts'

const DAY_MS = 86_400_000
/** Days whose average is the pace. */
const PACE_DAYS = 7
/** What a pack should cover where no renewal is ahead. */
const COVER_DAYS = 30

type Sums = ReadonlyMap<Day, DaySums>

/** The first day that the comparison of months needs. */
export const firstDayOfLastMonth = (today: Day): Day => firstOfMonth(addDays(firstOfMonth(today), -1))

const firstOfMonth = (day: Day): Day => `${day.slice(0, 8)}01`

/**
 * This month against the last one up to the same day, and how long the credits last at the pace of the last seven days.
 * @param sums of the days from {@link firstDayOfLastMonth} on
 */
export function monthView(sums: Sums, balance: Balance, user: Pick<User, 'subscription' | 'timeZone'>, now: Date) {
  const today = dayIn(now, user.timeZone)
  const start = firstOfMonth(today)
  const lastStart = firstDayOfLastMonth(today)
  const sameDay = addDays(lastStart, Number(today.slice(8)) - 1)
  // The last month may be shorter.
  const lastEnd = sameDay < start ? sameDay : addDays(start, -1)
  const spent = spentIn(sums, start, today)
  const before = spentIn(sums, lastStart, lastEnd)
  return {
    spent: formatCredits(spent),
    before: formatCredits(before),
    change: before > 0 ? changeInWords(spent, before) : null,
    ...forecast(sums, balance, user, now),
  }
}

const spentIn = (sums: Sums, from: Day, to: Day): number =>
  [...sums].reduce((total, [day, { spent }]) => (day >= from && day <= to ? total + spent : total), 0)

function changeInWords(spent: number, before: number): string {
  const percent = Math.round((100 * (spent - before)) / before)
  if (percent === 0) return 'as much as then'
  return `${formatCredits(Math.abs(percent))}% ${percent > 0 ? 'more' : 'less'}`
}

interface Forecast {
  forecast: string
  /** A pack that covers the time until the next renewal, or a month. */
  cover: { text: string; to: string } | null
}

function forecast(sums: Sums, balance: Balance, user: Pick<User, 'subscription' | 'timeZone'>, now: Date): Forecast {
  const week = daysUpTo(dayIn(now, user.timeZone), PACE_DAYS)
  const perDay = spentIn(sums, week[0]!, week.at(-1)!) / PACE_DAYS
  if (balance.credits <= 0) return { forecast: 'You have no credits to spend.', cover: null }
  if (perDay === 0) return { forecast: 'You spent nothing in the last 7 days.', cover: null }
  const pace = `At this week’s pace, ${aboutInWords(perDay)} a day,`
  const end = runsOutAt(balance.grants, perDay, now)
  const renewal = renewsAt(user.subscription, now)
  const day = (at: Date) => formatDay(at, user.timeZone, now)
  if (!end) return { forecast: `${pace} your credits last for more than a year.`, cover: null }
  if (renewal && end >= renewal) {
    return { forecast: `${pace} your credits last until your plan renews on ${day(renewal)}.`, cover: null }
  }
  const until = renewal ?? new Date(now.getTime() + COVER_DAYS * DAY_MS)
  const renews = renewal ? ` Your plan renews on ${day(renewal)}.` : ''
  const lasts = { forecast: `${pace} your credits last until ${day(end)}.${renews}` }
  const missing = Math.ceil((perDay * (until.getTime() - end.getTime())) / DAY_MS)
  const pack = missing > 0 ? cheapestPack(packs, missing) : null
  if (!pack) return { ...lasts, cover: null }
  const { id, credits, price } = pack
  const text = `Buy ${formatCreditsInWords(credits)}, ${formatMoney(price.amount, price.currency, { short: true })}`
  return { ...lasts, cover: { text, to: `/billing?pack=${encodeURIComponent(id)}#packs` } }
}

/** "about 43 credits", "less than 1 credit" */
function aboutInWords(perDay: number): string {
  return perDay < 1 ? 'less than 1 credit' : `about ${formatCreditsInWords(Math.round(perDay))}`
}
