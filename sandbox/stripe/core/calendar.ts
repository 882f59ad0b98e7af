import { DAY } from './clock.ts'
import type { Seconds } from './clock.ts'

export interface BillingInterval {
  interval: string
  interval_count: number
}

/**
 * The moment `count` intervals after the anchor. Always counted from the anchor, never from the last period, so that
 * a plan bought on the 31st renews on 28 February and then on 31 March again.
 */
export function intervalsAfter(anchor: Seconds, { interval, interval_count }: BillingInterval, count: number): Seconds {
  const steps = interval_count * count
  if (interval === 'day') return anchor + steps * DAY
  if (interval === 'week') return anchor + steps * 7 * DAY
  return monthsAfter(anchor, interval === 'year' ? steps * 12 : steps)
}

/** The first cycle boundary later than `moment`. */
export function nextBoundary(anchor: Seconds, cadence: BillingInterval, moment: Seconds): Seconds {
  if (anchor > moment) return anchor
  const length = intervalsAfter(anchor, cadence, 1) - anchor
  let count = Math.max(0, Math.floor((moment - anchor) / length) - 1)
  while (intervalsAfter(anchor, cadence, count) <= moment) count++
  return intervalsAfter(anchor, cadence, count)
}

export function monthsAfter(moment: Seconds, months: number): Seconds {
  const date = new Date(moment * 1000)
  const day = date.getUTCDate()
  date.setUTCDate(1)
  date.setUTCMonth(date.getUTCMonth() + months)
  const lastDay = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()
  date.setUTCDate(Math.min(day, lastDay))
  return Math.floor(date.getTime() / 1000)
}
