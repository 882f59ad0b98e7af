import { randomUUID } from 'node:crypto'
import { z } from 'zod'
import { config } from '../config.server.ts'
import { logger } from '../log.server.ts'
import { listOffers, type Offer, offerOf, productOf, tagOf, variableOf } from './catalogue.ts'
import { OfferUnavailable, StripeUnavailable } from './errors.ts'
import { callStripe, callUnderKey, findAtStripe, isTaken, listAll } from './stripe.server.ts'
import { decimal } from './stripe-shapes/fields.ts'

/** An offer and its price at Stripe. */
export interface KnownPrice {
  id: string
  offer: Offer
  /** What one costs in a currency, as a decimal; null where there is no single amount. */
  amountIn: (currency: string) => string | null
}

const KNOWN_FOR_MS = 10 * 60 * 1000
const UNKNOWN_FOR_MS = 30 * 1000
const LOOKUP_KEYS_MAX = 10

const byId = new Map<string, { price: KnownPrice | null; until: number }>()
const idByLookupKey = new Map<string, { id: string; until: number }>()

/** Forgets what was learned about prices: for the tests, and after they were changed. */
export function forgetPrices(): void {
  byId.clear()
  idByLookupKey.clear()
}

/**
 * The price at Stripe that sells an offer: the environment's, or the one with the offer's lookup key.
 * @throws OfferUnavailable when Stripe sells none: `npm run stripe:setup` has not been run, or the price was archived
 */
export async function priceIdOf(offer: Offer): Promise<string> {
  const { lookupKey } = offer.price
  const fixed = fixedPriceId(offer)
  if (fixed) return fixed
  const known = idByLookupKey.get(lookupKey)
  if (known && known.until > Date.now()) return known.id
  const page = await callStripe((stripe) => stripe.prices.list({ lookup_keys: [lookupKey], active: true, limit: 1 }))
  const [price] = page.data
  if (!price) {
    const missing = new Error(`Stripe has no price with the lookup key ${lookupKey}: run "npm run stripe:setup"`)
    logger.error({ err: missing }, 'Something is on sale and has no price')
    throw new OfferUnavailable(missing)
  }
  idByLookupKey.set(lookupKey, { id: price.id, until: Date.now() + KNOWN_FOR_MS })
  return price.id
}

/**
 * What a price sells. Also prices that are no longer sold are known, since subscriptions keep them.
 * @returns null for prices that are not Scrip's
 */
export async function findPrice(priceId: string): Promise<KnownPrice | null> {
  const known = byId.get(priceId)
  if (known && known.until > Date.now()) return known.price
  const found = await findAtStripe((stripe) => stripe.prices.retrieve(priceId, { expand: ['currency_options'] }))
  const price = found ? await toKnownPrice(found) : fixedPrice(priceId)
  byId.set(priceId, { price, until: Date.now() + (price ? KNOWN_FOR_MS : UNKNOWN_FOR_MS) })
  return price
}

/** The environment may name the prices: those of an account that had them before Scrip. */
function fixedPriceId(offer: Offer): string | null {
  // The names depend on the plans, so config.server.ts cannot list them.
  return process.env[variableOf(offer)]?.trim() || null
}

/** A price that the environment names stands for its offer even where Stripe does not know it. */
function fixedPrice(priceId: string): KnownPrice | null {
  const offer = listOffers().find((candidate) => fixedPriceId(candidate) === priceId)
  if (!offer) return null
  const { amount, currency } = offer.price
  return { id: priceId, offer, amountIn: (asked) => (asked === currency ? String(amount) : null) }
}

const amounts = { unit_amount: z.number().nullish(), unit_amount_decimal: decimal }
const metadata = z.record(z.string(), z.string()).nullish()
const priceSchema = z.object({
  id: z.string(),
  currency: z.string(),
  ...amounts,
  lookup_key: z.string().nullish(),
  metadata,
  recurring: z.object({ interval: z.string() }).nullish(),
  product: z.string(),
  currency_options: z.record(z.string(), z.object(amounts)).nullish(),
})

async function toKnownPrice(found: unknown): Promise<KnownPrice | null> {
  const price = priceSchema.parse(found)
  const marks = {
    lookupKey: price.lookup_key ?? null,
    metadata: price.metadata ?? {},
    interval: price.recurring?.interval ?? null,
  }
  const offer =
    listOffers().find((offer) => fixedPriceId(offer) === price.id) ??
    offerOf(marks) ??
    // A price that somebody added to one of our products by hand has no tag of its own.
    offerOf({ ...marks, metadata: await productMetadata(price.product) })
  if (!offer) return null
  return {
    id: price.id,
    offer,
    amountIn: (currency) =>
      decimalOf(currency === price.currency ? price : (price.currency_options?.[currency] ?? null)),
  }
}

async function productMetadata(productId: string): Promise<Record<string, string>> {
  const product = await findAtStripe((stripe) => stripe.products.retrieve(productId))
  return product?.metadata ?? {}
}

function decimalOf(amount: { unit_amount?: number | null; unit_amount_decimal: string | null } | null): string | null {
  if (!amount) return null
  const { unit_amount, unit_amount_decimal } = amount
  return unit_amount_decimal ?? (typeof unit_amount === 'number' ? String(unit_amount) : null)
}

export interface EnsuredPrice {
  name: string
  priceId: string
  done: 'created' | 'replaced' | 'kept' | 'named by the environment'
}

/**
 * Makes Stripe sell what the plan file says: products by fixed ids, prices by lookup key. A price whose amount changed
 * gets a successor, which takes over its lookup key; the old one is archived and stays known for those who pay it.
 * Safe to repeat, and by several processes at once.
 */
export async function ensurePrices(): Promise<EnsuredPrice[]> {
  const offers = listOffers()
  const existing = await pricesByLookupKey(offers.map(({ price }) => price.lookupKey))
  const products = new Map(offers.map((offer) => [productOf(offer).id, offer]))
  await Promise.all([...products.values()].map(ensureProduct))
  const ensured: EnsuredPrice[] = []
  for (const offer of offers) ensured.push(await ensurePrice(offer, existing.get(offer.price.lookupKey) ?? null))
  forgetPrices()
  return ensured
}

interface ExistingPrice {
  id: string
  unit_amount: number | null
  currency: string
  active: boolean
  tax_behavior?: string | null
}

async function pricesByLookupKey(keys: string[]): Promise<Map<string, ExistingPrice>> {
  const found = new Map<string, ExistingPrice>()
  for (let start = 0; start < keys.length; start += LOOKUP_KEYS_MAX) {
    const lookup_keys = keys.slice(start, start + LOOKUP_KEYS_MAX)
    const prices = await listAll((stripe) => stripe.prices.list({ lookup_keys, limit: 100 }))
    for (const price of prices) if (price.lookup_key) found.set(price.lookup_key, price)
  }
  return found
}

async function ensureProduct(offer: Offer): Promise<void> {
  const { id, name, description, tag } = productOf(offer)
  const existing = await findAtStripe((stripe) => stripe.products.retrieve(id))
  if (existing?.active) return
  if (existing) {
    await callStripe((stripe) => stripe.products.update(id, { active: true, name, description, metadata: tag }))
    return
  }
  await callStripe((stripe) => stripe.products.create({ id, name, description, metadata: tag })).catch(
    (error: unknown) => {
      if (!isTaken(error)) throw error
    },
  )
}

async function ensurePrice(offer: Offer, existing: ExistingPrice | null): Promise<EnsuredPrice> {
  const { amount, currency, lookupKey } = offer.price
  const name = offer.kind === 'plan' ? `${offer.plan.name}, ${offer.interval}ly` : `Pack of ${offer.pack.credits}`
  const fixed = fixedPriceId(offer)
  if (fixed) return { name, priceId: fixed, done: 'named by the environment' }
  const fits = existing?.active && existing.unit_amount === amount && existing.currency === currency
  if (fits && (await hasTaxBehavior(existing))) return { name, priceId: existing.id, done: 'kept' }

  const price = await createPrice(offer, existing?.id ?? 'none')
  if (existing && existing.id !== price.id) {
    await callStripe((stripe) => stripe.prices.update(existing.id, { active: false }))
    logger.info({ lookupKey, was: existing.id, is: price.id }, 'A price was replaced')
  }
  return { name, priceId: price.id, done: existing ? 'replaced' : 'created' }
}

/** Stripe lets a price say once whether it contains the tax; one that says otherwise is replaced. */
async function hasTaxBehavior({ id, tax_behavior: known }: ExistingPrice): Promise<boolean> {
  const { automaticTax } = config().stripe
  if (!automaticTax || known === automaticTax) return true
  if (known && known !== 'unspecified') return false
  await callStripe((stripe) => stripe.prices.update(id, { tax_behavior: automaticTax }))
  return true
}

/**
 * The key names the price that is followed, so that a change back and forth creates a price each time. Within a day it may
 * still answer with one that was archived since.
 */
async function createPrice(offer: Offer, follows: string): Promise<{ id: string }> {
  const { id } = await createPriceOnce(offer, follows)
  const { active, lookup_key } = await callStripe((stripe) => stripe.prices.retrieve(id))
  return active && lookup_key === offer.price.lookupKey ? { id } : createPriceOnce(offer, randomUUID())
}

async function createPriceOnce(offer: Offer, follows: string): Promise<{ id: string }> {
  const { amount, currency, lookupKey } = offer.price
  const { automaticTax } = config().stripe
  const recurring = offer.kind === 'plan' ? { recurring: { interval: offer.interval } } : {}
  try {
    return await callUnderKey(
      `price:${lookupKey}:${amount}:${currency}:${automaticTax ?? 'untaxed'}:${follows}`,
      (stripe, options) =>
        stripe.prices.create(
          {
            product: productOf(offer).id,
            unit_amount: amount,
            currency,
            lookup_key: lookupKey,
            transfer_lookup_key: true,
            metadata: tagOf(offer),
            ...(automaticTax && { tax_behavior: automaticTax }),
            ...recurring,
          },
          options,
        ),
    )
  } catch (error) {
    if (!isTaken(error)) throw error
    const winner = (await pricesByLookupKey([lookupKey])).get(lookupKey)
    if (!winner) throw new StripeUnavailable(error)
    return winner
  }
}
