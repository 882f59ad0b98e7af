import type Stripe from 'stripe'
import { findPack, findPlan, type Pack, type Plan } from '#app/billing/plans.ts'
import type { StripeForTests } from '../stripe.ts'
import { plus, product, type Ratio, ratio, wholeOf } from './ratio.ts'

/*
 * What the lines of an invoice sell and grant, computed a second time from the specification alone and differently from
 * the app: as exact fractions over one common denominator.
 */

/** What a price sells, by the metadata of the price or its product. */
export interface SoldBy {
  price: Stripe.Price
  plan: Plan | null
  pack: Pack | null
}

export interface TrueLine extends Pick<SoldBy, 'plan' | 'pack'> {
  id: string
  interval: Stripe.Price.Recurring | null
  /** The subscription item, if the line has one. */
  item: string | null
  amount: number
  /** The amount less its discounts, with tax on top. */
  net: number
  quantity: number
  /** The unit price in the invoice's currency. */
  unit: number
  isProration: boolean
  period: { start: number; end: number }
  /** Signed and whole; all lines add up to the credits of the invoice. */
  credits: number
}

/** Finds what prices sell, and caches it. */
export class Prices {
  readonly #known = new Map<string, Promise<SoldBy>>()

  constructor(readonly context: StripeForTests) {}

  of(id: string): Promise<SoldBy> {
    const known = this.#known.get(id) ?? this.#read(id)
    this.#known.set(id, known)
    return known
  }

  async #read(id: string): Promise<SoldBy> {
    const { stripe } = this.context
    const price = await stripe.prices.retrieve(id, { expand: ['currency_options'] })
    const { metadata } = await stripe.products.retrieve(price.product as string)
    const tags = { ...metadata, ...price.metadata }
    return { price, plan: findPlan(tags.plan ?? ''), pack: findPack(tags.pack ?? '') }
  }
}

/** The unit price in a currency, in minor units. */
export const unitIn = (price: Stripe.Price, currency: string): number =>
  (price.currency === currency ? price.unit_amount : price.currency_options?.[currency]?.unit_amount) ?? 0

/** Months of a price's period: a year has 12 of them, and 52 weeks, and 365 days. */
export function monthsOf({ interval, interval_count: count }: Stripe.Price.Recurring): Ratio {
  const ofYear = ({ year: 1, month: 12, week: 52, day: 365 } as Record<string, number>)[interval]!
  return ratio(12 * count, ofYear)
}

/** All lines of an invoice, including those that sell nothing of ours. */
export async function linesOf(prices: Prices, invoice: Stripe.Invoice): Promise<TrueLine[]> {
  const lines: Omit<TrueLine, 'credits'>[] = []
  for (const line of invoice.lines.data) {
    const priceId = line.pricing?.price_details?.price
    // The shop may add an amount to an invoice without a price.
    const sold = typeof priceId === 'string' ? await prices.of(priceId) : null
    const item = line.parent?.subscription_item_details
    const off = (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0)
    const taxes = (line.taxes ?? []).filter(({ tax_behavior: how }) => how === 'exclusive')
    lines.push({
      ...{ plan: sold?.plan ?? null, pack: sold?.pack ?? null, interval: sold?.price.recurring ?? null },
      id: line.id,
      item: typeof item?.subscription_item === 'string' ? item.subscription_item : null,
      amount: line.amount,
      net: line.amount - off + taxes.reduce((sum, { amount }) => sum + amount, 0),
      quantity: line.quantity ?? 1,
      unit: sold ? unitIn(sold.price, line.currency) : 0,
      isProration: item?.proration ?? line.parent?.invoice_item_details?.proration ?? false,
      period: line.period,
    })
  }
  const credits = shareOut(lines.map(worthOf))
  return lines.map((line, index) => ({ ...line, credits: credits[index]! }))
}

/** The free line of a trial. */
export const isTrial = ({ plan, amount, isProration, quantity, unit }: Omit<TrueLine, 'credits'>): boolean =>
  plan !== null && amount === 0 && !isProration && quantity > 0 && unit > 0

function worthOf(line: Omit<TrueLine, 'credits'>): Ratio {
  const { plan, pack, interval, amount, unit, quantity, isProration } = line
  const isGiven = amount === 0 && unit === 0 && !isProration
  const byMoney = unit === 0 ? ratio(0) : ratio(amount, unit)
  if (pack) return product(ratio(pack.credits), !isProration && (amount > 0 || isGiven) ? ratio(quantity) : byMoney)
  if (!plan || !interval || isTrial(line)) return ratio(0)
  return product(ratio(plan.credits), monthsOf(interval), isGiven ? ratio(quantity) : byMoney)
}

/** Whole numbers that add up to the whole part of the sum: those that lost most by rounding get one back. */
function shareOut(worths: Ratio[]): number[] {
  const whole = wholeOf(plus(...worths))
  const common = worths.reduce((all, [, under]) => all * under, 1n)
  const parts = worths.map(([over, under], place) => {
    const fine = over * (common / under)
    return { place, credits: Number(fine / common), rest: fine % common }
  })
  const missing = whole - parts.reduce((sum, { credits }) => sum + credits, 0)
  const sign = missing < 0 ? -1 : 1
  const byRest = [...parts].sort((one, other) => {
    const more = other.rest - one.rest
    return (more > 0n ? 1 : more < 0n ? -1 : 0) * sign || one.place - other.place
  })
  for (const part of byRest.slice(0, Math.abs(missing))) part.credits += sign
  return parts.map(({ credits }) => credits)
}
