import { z } from 'zod'
import { logger } from '../../log.server.ts'
import { type BillingInterval, isSameBillingInterval } from '../billing-interval.ts'
import { OfferUnavailable } from '../errors.ts'
import { askForAttention } from '../findings/attention.server.ts'
import { callStripe, findAtStripe, isOurs } from '../stripe/client.server.ts'
import { decimal } from '../stripe/objects/fields.ts'
import { priceSchema, type StripeTermItem } from '../stripe/objects/terms.ts'
import { listOffers, lookupKeyOf, type Offer, offerOf, soldBy, type SoldOffer, variableOf } from './offers.ts'

/** A Stripe price and what it sells. */
export interface KnownPrice {
  id: string
  offer: SoldOffer
  /** Unit amount in a currency, as a decimal; null if it has no single amount. */
  amountIn: (currency: string) => string | null
  /** As in a subscription item; null if the price is one-time, or Stripe does not know it. */
  recurring: StripeTermItem['price'] | null
}

/** What is cached about a price. */
interface Learned {
  price: KnownPrice | null
  /** The price or its product has our tag; the plan file may not have it. */
  isTagged: boolean
}

const KNOWN_FOR_MS = 10 * 60 * 1000
const UNKNOWN_FOR_MS = 30 * 1000

const byId = new Map<string, Learned & { until: number }>()
const idByLookupKey = new Map<string, { id: string; until: number }>()

/** Clears the price cache: after price changes, and in tests. */
export function forgetPrices(): void {
  byId.clear()
  idByLookupKey.clear()
}

/**
 * The Stripe price that sells an offer: the one set in the environment, or the one with the offer's lookup key.
 * @throws OfferUnavailable when Stripe sells none: `npm run stripe:setup` has not been run, or the price was archived;
 * and when that price is not the one that the plan file shows
 */
export async function priceIdOf(offer: Offer): Promise<string> {
  const id = await idAtStripe(offer)
  const price = await findPriceIn(id, offer.price.currency)
  if (!price) return id
  const { amount, currency } = offer.price
  const asked = price.amountIn(currency)
  const sold = soldBy(offer)
  const isSame = price.offer.kind !== 'plan' || sold.kind !== 'plan' || isSameBillingInterval(price.offer, sold)
  const subject = { kind: 'price' as const, id: lookupKeyOf(offer) }
  if (isSame && asked !== null && Number(asked) === amount) return id
  const sentence = `${subject.id} is on sale for ${amount} ${currency}, and its price ${id} at Stripe asks ${asked ?? 'another currency'}: it cannot be bought until they agree. Run "npm run stripe:setup".`
  await askForAttention(subject, sentence)
  forgetPrices()
  throw new OfferUnavailable(new Error(sentence))
}

async function idAtStripe(offer: Offer): Promise<string> {
  const fixed = fixedPriceId(offer)
  if (fixed) return fixed
  const lookupKey = lookupKeyOf(offer)
  const known = idByLookupKey.get(lookupKey)
  if (known && known.until > Date.now()) return known.id
  const page = await callStripe((stripe) => stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 }))
  const [price] = page.data
  if (!price) {
    const missing = new Error(`Stripe has no price with the lookup key ${lookupKey}: run "npm run stripe:setup"`)
    logger.error({ err: missing }, 'An offer has no price at Stripe')
    throw new OfferUnavailable(missing)
  }
  idByLookupKey.set(lookupKey, { id: price.id, until: Date.now() + KNOWN_FOR_MS })
  return price.id
}

/** What a price of the plan file sells, or null. Archived prices are known too, since subscriptions keep them. */
export async function findPrice(priceId: string): Promise<KnownPrice | null> {
  return (remembered(priceId) ?? (await learn(priceId))).price
}

/** The same for a line's currency: if the cache lacks it, the price is retrieved again, since currencies can be added. */
export async function findPriceIn(priceId: string, currency: string): Promise<KnownPrice | null> {
  const known = remembered(priceId)
  if (known?.price && known.price.amountIn(currency) !== null) return known.price
  return (await learn(priceId)).price
}

/** Whether a price has our tag, even if the plan file has nothing that it sells. */
export async function isTaggedAsOurs(priceId: string): Promise<boolean> {
  return (remembered(priceId) ?? (await learn(priceId))).isTagged
}

function remembered(priceId: string): Learned | null {
  const known = byId.get(priceId)
  return known && known.until > Date.now() ? known : null
}

async function learn(priceId: string): Promise<Learned> {
  const found = await findAtStripe((stripe) => stripe.prices.retrieve(priceId, { expand: ['currency_options'] }))
  const learned = found ? await readPrice(found) : { price: fixedPrice(priceId), isTagged: false }
  byId.set(priceId, { ...learned, until: Date.now() + (learned.price ? KNOWN_FOR_MS : UNKNOWN_FOR_MS) })
  return learned
}

/** The price set in the environment for an offer, for accounts that had prices before Scrip. */
export function fixedPriceId(offer: Offer): string | null {
  // The names depend on the plans, so config.server.ts cannot list them.
  return process.env[variableOf(offer)]?.trim() || null
}

const offerFixedTo = (priceId: string): Offer | null =>
  listOffers().find((candidate) => fixedPriceId(candidate) === priceId) ?? null

/** A price set in the environment sells its offer even if Stripe does not know it. */
function fixedPrice(priceId: string): KnownPrice | null {
  const offer = offerFixedTo(priceId)
  if (!offer) return null
  const { amount, currency } = offer.price
  return {
    id: priceId,
    offer: soldBy(offer),
    amountIn: (asked) => (asked === currency ? String(amount) : null),
    recurring: null,
  }
}

const amounts = { unit_amount: z.number().nullish(), unit_amount_decimal: decimal }
const metadata = z.record(z.string(), z.string()).nullish()
const recurring = z
  .object({ interval: z.enum(['day', 'week', 'month', 'year']), interval_count: z.int().positive().default(1) })
  .transform(({ interval, interval_count: intervalCount }): BillingInterval => ({ interval, intervalCount }))
  .nullish()
const offeredSchema = z.object({
  id: z.string(),
  currency: z.string(),
  ...amounts,
  lookup_key: z.string().nullish(),
  metadata,
  recurring,
  product: z.string(),
  currency_options: z.record(z.string(), z.object(amounts)).nullish(),
})

async function readPrice(found: unknown): Promise<Learned> {
  const price = offeredSchema.parse(found)
  const marks = {
    lookupKey: price.lookup_key ?? null,
    metadata: price.metadata ?? {},
    billingInterval: price.recurring ?? null,
  }
  const fixed = offerFixedTo(price.id)
  const own = (fixed && withBillingInterval(soldBy(fixed), marks.billingInterval)) ?? offerOf(marks)
  // A price added by hand to one of our products has no tag of its own.
  const product = own ? null : await findAtStripe((stripe) => stripe.products.retrieve(price.product))
  const ofProduct = product?.metadata ?? {}
  const offer = own ?? offerOf({ ...marks, metadata: ofProduct })
  const isTagged = offer !== null || isOurs(marks.metadata) || isOurs(ofProduct)
  if (!offer) return { price: null, isTagged }
  const amountIn = (currency: string) =>
    decimalOf(currency === price.currency ? price : (price.currency_options?.[currency] ?? null))
  return {
    price: { id: price.id, offer, amountIn, recurring: priceSchema.safeParse(found).data ?? null },
    isTagged,
  }
}

/** The period comes from the price itself. */
const withBillingInterval = (offer: SoldOffer, billingInterval: BillingInterval | null): SoldOffer =>
  offer.kind === 'plan' && billingInterval ? { ...offer, ...billingInterval } : offer

function decimalOf(amount: { unit_amount?: number | null; unit_amount_decimal: string | null } | null): string | null {
  if (!amount) return null
  const { unit_amount, unit_amount_decimal } = amount
  return unit_amount_decimal ?? (typeof unit_amount === 'number' ? String(unit_amount) : null)
}
