import { intervalsAfter, nextBoundary } from '../../core/calendar.ts'
import type { BillingInterval } from '../../core/calendar.ts'
import type { Seconds } from '../../core/clock.ts'
import { invalidRequest } from '../../core/errors.ts'
import type { Price } from '../../core/shapes.ts'
import { isFlexible } from './billing-mode.ts'
import type { BillingMode } from './billing-mode.ts'

/** How often a price recurs. */
export function intervalOf({ recurring }: Price): BillingInterval {
  if (!recurring)
    throw invalidRequest(
      `The price specified is set to \`type=one_time\` but this field only accepts prices with \`type=recurring\`.`,
      'items[0][price]',
    )
  return { interval: recurring.interval, interval_count: recurring.interval_count }
}

export const isSameInterval = (one: BillingInterval, other: BillingInterval): boolean =>
  one.interval === other.interval && one.interval_count === other.interval_count

/**
 * Checks that prices can be on one subscription: one currency, and one interval unless it is flexible.
 * @param mode classic if it is unknown
 */
export function requireCompatiblePrices(prices: Price[], mode?: BillingMode): void {
  const [first] = prices
  if (!first) throw invalidRequest('Missing required param: items.', 'items', 'parameter_missing')
  for (const price of prices) {
    const cadence = intervalOf(price)
    if (price.currency !== first.currency)
      throw invalidRequest(
        'Currency and interval fields must match across all plans on this subscription. Found mismatch in currency field.',
        'items',
      )
    if (!isSameInterval(cadence, intervalOf(first)) && !(mode && isFlexible({ billing_mode: mode })))
      throw invalidRequest(
        `Currency and interval fields must match across all plans on this subscription. Found mismatch in interval field (${price.id}).`,
        'items',
      )
  }
}

/** The shortest of several intervals. */
export const shortestInterval = (prices: Price[]): BillingInterval =>
  prices.map(intervalOf).reduce((one, other) => (intervalsAfter(0, other, 1) < intervalsAfter(0, one, 1) ? other : one))

/** The period that contains a moment, counted in intervals from the anchor. */
export function periodAround(
  anchor: Seconds,
  cadence: BillingInterval,
  moment: Seconds,
): { start: Seconds; end: Seconds } {
  const end = nextBoundary(anchor, cadence, moment)
  let start = anchor
  for (let count = 1; start <= moment && intervalsAfter(anchor, cadence, count) <= moment; count++)
    start = intervalsAfter(anchor, cadence, count)
  return { start: Math.min(start, moment), end }
}
