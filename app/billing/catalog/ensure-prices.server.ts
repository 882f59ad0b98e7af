import { randomUUID } from 'node:crypto'
import { config } from '../../config.server.ts'
import { logger } from '../../log.server.ts'
import { StripeUnavailable } from '../errors.ts'
import { callStripe, callUnderKey, findAtStripe, isTaken, listAll } from '../stripe/client.server.ts'
import { listOffers, lookupKeyOf, type Offer, productOf, tagOf } from './offers.ts'
import { fixedPriceId, forgetPrices } from './prices.server.ts'

const LOOKUP_KEYS_MAX = 10

export interface EnsuredPrice {
  name: string
  priceId: string
  done: 'created' | 'replaced' | 'kept' | 'named by the environment'
}

/**
 * Creates in Stripe what the plan file sells: products by fixed IDs, prices by lookup key. A changed amount gets a new
 * price that takes over the lookup key; the old price is archived and stays known for its subscribers. Safe to repeat,
 * and by several processes at once.
 */
export async function ensurePrices(offers: Offer[] = listOffers()): Promise<EnsuredPrice[]> {
  const existing = await pricesByLookupKey(offers.map(lookupKeyOf))
  const products = new Map(offers.map((offer) => [productOf(offer).id, offer]))
  await Promise.all([...products.values()].map(ensureProduct))
  const ensured: EnsuredPrice[] = []
  for (const offer of offers) ensured.push(await ensurePrice(offer, existing.get(lookupKeyOf(offer)) ?? null))
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
  const { id, ...product } = productOf(offer)
  const existing = await findAtStripe((stripe) => stripe.products.retrieve(id))
  if (existing?.active && existing.name === product.name && existing.description === product.description) return
  if (existing) {
    await callStripe((stripe) => stripe.products.update(id, { active: true, ...product }))
    return
  }
  await callStripe((stripe) => stripe.products.create({ id, ...product })).catch((error: unknown) => {
    if (!isTaken(error)) throw error
  })
}

async function ensurePrice(offer: Offer, existing: ExistingPrice | null): Promise<EnsuredPrice> {
  const { amount, currency } = offer.price
  const lookupKey = lookupKeyOf(offer)
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

/** Stripe lets a price set its tax behavior only once, so a price with another one is replaced. */
async function hasTaxBehavior({ id, tax_behavior: known }: ExistingPrice): Promise<boolean> {
  const { automaticTax } = config().stripe
  if (!automaticTax || known === automaticTax) return true
  if (known && known !== 'unspecified') return false
  await callStripe((stripe) => stripe.prices.update(id, { tax_behavior: automaticTax }))
  return true
}

/**
 * The key names the price it replaces, so changing an amount back and forth creates a new price each time. Within a day
 * the key may still return a price that has been archived since.
 */
async function createPrice(offer: Offer, follows: string): Promise<{ id: string }> {
  const { id } = await createPriceOnce(offer, follows)
  const { active, lookup_key } = await callStripe((stripe) => stripe.prices.retrieve(id))
  return active && lookup_key === lookupKeyOf(offer) ? { id } : createPriceOnce(offer, randomUUID())
}

async function createPriceOnce(offer: Offer, follows: string): Promise<{ id: string }> {
  const { amount, currency } = offer.price
  const lookupKey = lookupKeyOf(offer)
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
