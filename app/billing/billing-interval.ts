import type { Fraction } from '../fraction.ts'
import type { Interval, Plan } from './plans.ts'

/** How often a price is charged: every `intervalCount` of `interval`, as in Stripe. */
export interface BillingInterval {
  interval: 'day' | 'week' | 'month' | 'year'
  intervalCount: number
}

/** A year has 12 months, 52 weeks and 365 days. */
const MONTHS: Record<BillingInterval['interval'], [over: number, under: number]> = {
  day: [12, 365],
  week: [12, 52],
  month: [1, 1],
  year: [12, 1],
}

/** The length of a billing interval in months; a fraction for days and weeks. */
export function monthsIn({ interval, intervalCount }: BillingInterval): Fraction {
  const [over, under] = MONTHS[interval]
  return { over: BigInt(over * intervalCount), under: BigInt(under) }
}

/** The same as a number, for comparisons. */
export function monthsOf(billingInterval: BillingInterval): number {
  const { over, under } = monthsIn(billingInterval)
  return Number(over) / Number(under)
}

export const isSameBillingInterval = (one: BillingInterval, other: BillingInterval): boolean =>
  one.interval === other.interval && one.intervalCount === other.intervalCount

interface StoredBillingInterval {
  interval?: string | null
  /** Missing in older documents: then 1. */
  intervalCount?: number | null
}

/** Reads a stored billing interval. */
export function billingIntervalOf(stored: StoredBillingInterval | null | undefined): BillingInterval | null {
  const { interval, intervalCount } = stored ?? {}
  return interval && isInterval(interval) ? { interval, intervalCount: intervalCount ?? 1 } : null
}

const isInterval = (interval: string): interval is BillingInterval['interval'] => Object.hasOwn(MONTHS, interval)

/** The plan file's interval that equals this one; null for an interval that was added in Stripe. */
export function listedInterval(billingInterval: BillingInterval | null): Interval | null {
  if (billingInterval?.intervalCount !== 1) return null
  return billingInterval.interval === 'month' || billingInterval.interval === 'year' ? billingInterval.interval : null
}

/** The plan grants credits monthly, and the period is longer than a month. */
export const comesMonthly = (
  { yearlyCredits }: Pick<Plan, 'yearlyCredits'>,
  billingInterval: BillingInterval,
): boolean => yearlyCredits === 'monthly' && monthsOf(billingInterval) > 1

/** "a month", "every 3 months" */
export const everyInWords = ({ interval, intervalCount }: BillingInterval): string =>
  intervalCount === 1 ? `a ${interval}` : `every ${intervalCount} ${interval}s`

const ADVERBS: Record<BillingInterval['interval'], string> = {
  day: 'daily',
  week: 'weekly',
  month: 'monthly',
  year: 'yearly',
}

/** "monthly", "every 3 months" */
export const adverbOf = (billingInterval: BillingInterval): string =>
  billingInterval.intervalCount === 1 ? ADVERBS[billingInterval.interval] : everyInWords(billingInterval)
