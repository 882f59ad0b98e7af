import { createHash, randomUUID } from 'node:crypto'
import { type User, UserModel } from '#models/user.server.ts'
import { config } from '../config.server.ts'
import { findCoupon } from './coupons.server.ts'
import { creditsAtOnce, creditsForInvoice } from './credits-for-invoice.ts'
import { CreditsNotComputable } from './errors.ts'
import { type KnownCoupon, periodSum } from './period-sum.ts'
import { endOf, periodOf, type PeriodPart, periodToCome, type PeriodToCome } from './period-to-come.ts'
import { type PricedLine, soldLines } from './plan-lines.server.ts'
import { findPriceIn } from './prices.server.ts'
import { callStripe, isRefused, listAll } from './stripe.server.ts'
import { readInvoice } from './stripe-shapes/invoice.ts'
import type { StripeSchedule } from './stripe-shapes/schedule.ts'
import type { StripeSubscription } from './stripe-shapes/subscription.ts'
import type { StripeDiscount } from './stripe-shapes/terms.ts'

/*
 * What a subscription will charge next, as Stripe has it: with its own prices, quantities, coupons and currency. The plan
 * file only says what the credits of a plan are.
 */

type Stored = NonNullable<User['subscription']>

export type NextPayment = NonNullable<Stored['nextPayment']>
export type PeriodPrice = NonNullable<Stored['price']>

/** What is stored of what a subscription charges. */
export type Charges = Pick<Stored, 'nextPayment' | 'price' | 'nothingElseWaits'>

/**
 * What a subscription will charge next, and what each of its periods costs. Worked out from the subscription itself;
 * Stripe is asked for the invoice to come only where more is on it than the subscription says.
 * @param subscription as it was just read, with its terms
 * @param schedule the one that changes it, or null
 * @param stored what is known of it so far
 * @returns no sum where it cannot be said to the cent
 * @throws StripeUnavailable
 */
export async function chargesOf(
  subscription: StripeSubscription,
  schedule: StripeSchedule | null,
  stored: Partial<Charges> | null,
): Promise<Charges> {
  const price = await priceOf(subscription)
  const period = periodToCome(subscription, schedule)
  if (period === null) return { price, nextPayment: null, nothingElseWaits: null }
  const basis = hashOf(subscription, schedule)
  const isRegular = stored?.nothingElseWaits === basis || !(await hasPendingItems(subscription))
  const payment = isRegular && period !== 'irregular' ? await paymentFor(period) : null
  if (payment) return { price, nextPayment: payment, nothingElseWaits: basis }
  return { price, nextPayment: await previewed(subscription, schedule), nothingElseWaits: isRegular ? basis : null }
}

/**
 * The same for a subscription that Stripe does not know, by the event that told of it: there is nobody to ask.
 * @param stored what is known of it so far, which stays where the event says nothing
 */
export async function chargesTold(subscription: StripeSubscription, stored: Partial<Charges> | null): Promise<Charges> {
  const period = periodToCome(subscription, null)
  if (!subscription.terms) return { ...UNKNOWN, nextPayment: stored?.nextPayment ?? null, price: stored?.price ?? null }
  const nextPayment = period && period !== 'irregular' ? await paymentFor(period) : null
  return { ...UNKNOWN, nextPayment, price: await priceOf(subscription) }
}

/**
 * Lets the next look at a subscription ask Stripe again what waits for its next invoice. The new version keeps out whoever
 * has asked before this.
 */
export async function forgetWhatWaits({ _id, subscription }: User): Promise<void> {
  if (!subscription) return
  await UserModel.updateOne(
    { _id, subscription: { $ne: null } },
    { $set: { 'subscription.nothingElseWaits': null, 'subscription.version': randomUUID() } },
  )
}

/** Nothing is charged, or nobody can say what. */
export const UNKNOWN: Charges = { nextPayment: null, price: null, nothingElseWaits: null }

/** Of everything that is charged: when it changes, something may have been put on the next invoice with it. */
const hashOf = ({ id, status, terms }: StripeSubscription, schedule: StripeSchedule | null): string =>
  createHash('sha256')
    .update(JSON.stringify([id, status, terms, schedule?.coming]))
    .digest('hex')
    .slice(0, 24)

/** Prorations, or what the shop has added, wait for the next invoice. */
async function hasPendingItems({ id, customerId: customer }: StripeSubscription): Promise<boolean> {
  if (!customer) return false
  const pending = await listAll((stripe) => stripe.invoiceItems.list({ customer, pending: true, limit: 100 }))
  return pending.some(({ parent }) => [null, undefined, id].includes(idOf(parent?.subscription_details?.subscription)))
}

const idOf = (given: string | { id: string } | null | undefined): string | null | undefined =>
  typeof given === 'string' ? given : given?.id

/**
 * What a period costs and brings.
 * @returns null where it cannot be said to the cent
 */
export async function paymentFor(period: PeriodToCome): Promise<NextPayment | null> {
  const amount = await sumOf(period, ({ end }) => end === null || end > period.at)
  const lines = amount === null ? null : await linesOf(period)
  const credits = lines && (await creditsAtPayment(lines))
  if (amount === null || credits === null) return null
  return { amount, currency: period.currency, credits, at: period.at, isExact: !period.hasTaxOnTop }
}

/**
 * What each period costs when coupons that pass are over, by the subscription itself.
 * @returns null where its items are not paid by the same interval, or a sum cannot be said
 * @throws StripeUnavailable
 */
export async function priceOf({ terms }: StripeSubscription): Promise<PeriodPrice | null> {
  const first = terms?.items[0]
  if (!first || terms.isIrregular) return null
  const { interval, intervalCount } = first.price
  const isUniform = terms.items.every(
    ({ price }) => price.interval === interval && price.intervalCount === intervalCount && !price.isMetered,
  )
  if (!isUniform) return null
  const at = first.periodEnd ?? new Date(0)
  const period = periodOf(terms, { at, items: terms.items, discounts: terms.discounts })
  const amount = await sumOf(period, ({ end }, { isOnce }) => end === null && !isOnce)
  const credits = amount === null ? null : await creditsAtPayment(await linesOf(period))
  if (amount === null || credits === null) return null
  return { amount, currency: period.currency, interval, intervalCount, credits, isExact: !period.hasTaxOnTop }
}

type Counts = (discount: StripeDiscount, coupon: { isOnce: boolean }) => boolean

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

/** Minor units. Stripe rounds what is finer than a cent, so nothing is said of that. */
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
    if (!counts(discount, coupon)) continue
    const { percentOff, amountsOff, products } = coupon
    const amountOff = percentOff === null ? (amountsOff[currency] ?? null) : null
    if (percentOff === null && amountOff === null) return null
    found.push({ percentOff, amountOff, products })
  }
  return found
}

/** The lines that the period's invoice will have, before discounts. */
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

/** Credits that come as soon as these lines are paid; what a year brings month by month comes later. */
async function creditsAtPayment(lines: PricedLine[]): Promise<number | null> {
  try {
    return creditsAtOnce(creditsForInvoice(await soldLines(lines), config()).shares)
  } catch (error) {
    if (error instanceof CreditsNotComputable) return null
    throw error
  }
}

/** The invoice to come, by Stripe's own sums: it knows what waits for it, and taxes. */
async function previewed({ id }: StripeSubscription, schedule: StripeSchedule | null): Promise<NextPayment | null> {
  try {
    const of = schedule ? { schedule: schedule.id } : { subscription: id }
    const invoice = readInvoice(await callStripe((stripe) => stripe.invoices.createPreview(of)))
    const credits = invoice.hasMoreLines ? null : await creditsAtPayment(invoice.lines)
    const { total, currency, periodEnd: at } = invoice
    return credits === null || !at ? null : { amount: Math.max(0, total), currency, credits, at, isExact: true }
  } catch (error) {
    if (isRefused(error)) return null
    throw error
  }
}
