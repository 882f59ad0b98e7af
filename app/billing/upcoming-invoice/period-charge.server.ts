import type { User } from '#models/user.server.ts'
import { findPriceIn } from '../catalog/prices.server.ts'
import { creditsAtOnce } from '../line-items/credits-for-invoice.ts'
import { creditsOfLines, type PricedLine } from '../line-items/sold-lines.server.ts'
import type { StripeDiscount, StripeTerms } from '../stripe/objects/terms.ts'
import { findCoupon } from './coupons.server.ts'
import { type KnownCoupon, periodSum } from './period-sum.ts'
import { endOf, periodOf, type PeriodPart, type PeriodToCome } from './upcoming-period.ts'

/*
 * What a period of a subscription charges and grants, by its own items and coupons. The plan file only gives the
 * credits of a plan.
 */

type Stored = NonNullable<User['subscription']>

export type NextPayment = NonNullable<Stored['nextPayment']>
export type PeriodPrice = NonNullable<Stored['price']>

/**
 * What a period charges and grants.
 * @param counts which coupons apply: by default those that last until then
 * @returns null where the amount is not known to the cent
 */
export async function paymentFor(
  period: PeriodToCome,
  counts: Counts = ({ end }) => end === null || end > period.at,
): Promise<NextPayment | null> {
  const amount = await sumOf(period, counts)
  const lines = amount === null ? null : await linesOf(period)
  const credits = lines && (await creditsAtPayment(lines))
  if (amount === null || credits === null) return null
  return { amount, currency: period.currency, credits, at: period.at, isExact: !period.hasTaxOnTop }
}

/** The price of a regular period, without temporary coupons; null if its items differ in interval, or it is unknown. */
export async function priceOfPeriod(terms: StripeTerms | null): Promise<PeriodPrice | null> {
  const first = terms?.items[0]
  if (!first || terms.isIrregular) return null
  const { interval, intervalCount } = first.price
  const isUniform = terms.items.every(
    ({ price }) => price.interval === interval && price.intervalCount === intervalCount && !price.isMetered,
  )
  if (!isUniform) return null
  const at = first.periodEnd ?? new Date(0)
  const period = periodOf(terms, at, terms.items)
  const amount = await sumOf(period, ({ end }, { isOnce }) => end === null && !isOnce)
  const credits = amount === null ? null : await creditsAtPayment(await linesOf(period))
  if (amount === null || credits === null) return null
  return { amount, currency: period.currency, interval, intervalCount, credits, isExact: !period.hasTaxOnTop }
}

/** Whether a coupon applies; null if unknown. */
export type Counts = (discount: StripeDiscount, coupon: { isOnce: boolean }) => boolean | null

async function sumOf({ items, discounts, currency }: PeriodToCome, counts: Counts): Promise<number | null> {
  const coupons = await couponsOf(discounts, currency, counts)
  const parts = []
  for (const item of items) {
    const amount = await amountOf(item, currency)
    const own = await couponsOf(item.discounts, currency, counts)
    if (amount === null || own === null) return null
    parts.push({ product: item.price.product, amount, coupons: own })
  }
  return coupons && periodSum(parts, coupons)
}

/** Minor units. Stripe rounds finer amounts, so they yield null. */
async function amountOf(item: PeriodPart, currency: string): Promise<number | null> {
  const { id, currency: own, unitAmount } = item.price
  const each = own === currency ? unitAmount : ((await findPriceIn(id, currency))?.amountIn(currency) ?? null)
  return each !== null && /^\d+(\.0+)?$/.test(each) ? Number(each) * item.quantity : null
}

async function couponsOf(
  discounts: readonly StripeDiscount[],
  currency: string,
  counts: Counts,
): Promise<KnownCoupon[] | null> {
  const found: KnownCoupon[] = []
  for (const discount of discounts) {
    const coupon = discount.couponId === null ? null : await findCoupon(discount.couponId)
    if (!coupon) return null
    const isCounted = counts(discount, coupon)
    if (isCounted === null) return null
    if (!isCounted) continue
    const { percentOff, amountsOff, products } = coupon
    const amountOff = percentOff === null ? (amountsOff[currency] ?? null) : null
    if (percentOff === null && amountOff === null) return null
    found.push({ percentOff, amountOff, products })
  }
  return found
}

/** The lines of the period's invoice, before discounts. */
async function linesOf(period: PeriodToCome): Promise<PricedLine[]> {
  const lines = []
  for (const item of period.items) {
    const { price, quantity } = item
    const amount = (await amountOf(item, period.currency)) ?? 0
    lines.push({
      ...{ id: '', amount, currency: period.currency, description: null, quantity, proration: false },
      ...{ periodStart: period.at, periodEnd: endOf({ at: period.at, items: [item] }) },
      ...{ priceId: price.id, unitAmount: null },
    })
  }
  return lines
}

/** Credits granted as soon as these lines are paid; monthly shares of a year come later. Null if unknown. */
export async function creditsAtPayment(lines: PricedLine[]): Promise<number | null> {
  const bought = await creditsOfLines(lines)
  return bought && creditsAtOnce(bought.shares)
}
