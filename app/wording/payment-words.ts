import type { User } from '#models/user.server.ts'
import { type BillingInterval, everyInWords } from '../billing/billing-interval.ts'
import type { Interval, Plan } from '../billing/plans.ts'
import { formatMoney } from '../format.ts'

/*
 * What a subscription charges, in words. Amounts are the subscription's own: the plan file has only what is on sale.
 */

type Stored = NonNullable<User['subscription']>

interface Sum {
  amount: number
  currency: string
  /** False where tax comes on top. */
  isExact: boolean
}

type PeriodPrice = Sum & BillingInterval

/** "$18.00", "$18.00 plus any tax" */
export const sumInWords = ({ amount, currency, isExact }: Sum): string =>
  `${formatMoney(amount, currency)}${isExact ? '' : ' plus any tax'}`

/** "$54.00 a month", "$27.00 every 3 months plus any tax" */
export const priceInWords = (price: PeriodPrice): string =>
  `${formatMoney(price.amount, price.currency)} ${everyInWords(price)}${price.isExact ? '' : ' plus any tax'}`

/** Items with a shorter interval are still charged until a canceled plan ends. */
export const stillCharged = (next: Sum, day: string): string =>
  `What you have beside the plan is charged until then: next ${sumInWords(next)} on ${day}.`

/** Whether the next payment is like those after it: a coupon that ends, or a pending item, makes it different. */
export const isUsual = (next: Sum, price: PeriodPrice | null | undefined): boolean =>
  price?.amount === next.amount && price.currency === next.currency

/**
 * What continuing costs: "$18.00 a month", "$9.00 first, then $18.00 a month".
 * @returns null if that is not known
 */
export function costInWords({
  nextPayment: next,
  price,
}: {
  nextPayment?: Sum | null
  price?: PeriodPrice | null
}): string | null {
  if (!next || (price && isUsual(next, price))) return price ? priceInWords(price) : null
  return price ? `${sumInWords(next)} first, then ${priceInWords(price)}` : sumInWords(next)
}

/** "$18.00 a month": the list price of a plan. */
export function listPriceOf(plan: Plan | null, interval: Interval): string | null {
  const price = plan?.prices?.[interval]
  return price ? `${formatMoney(price.amount, price.currency)} a ${interval}` : null
}

/** Whether a subscription pays the list price. */
export function isListPrice(price: Stored['price'], plan: Plan | null, interval: Interval | null): boolean {
  const listed = interval ? plan?.prices?.[interval] : null
  return price?.amount === listed?.amount && price?.currency === listed?.currency
}
