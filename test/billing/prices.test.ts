import { afterEach, describe, expect, it } from 'vitest'
import { listOffers } from '#app/billing/catalogue.ts'
import { ensurePrices, findPrice, forgetPrices, priceIdOf } from '#app/billing/prices.server.ts'
import { useStripe } from './stripe.ts'

const context = useStripe()
const [monthly] = listOffers()

afterEach(() => {
  delete process.env.STRIPE_PRICE_BEGINNER_MONTH
  forgetPrices()
})

describe('ensurePrices', () => {
  it('creates nothing the second time', async () => {
    const again = await ensurePrices()
    expect(again).toHaveLength(listOffers().length)
    expect(again.every(({ done }) => done === 'kept')).toBe(true)
    const prices = await context.stripe.prices.list({ limit: 100 })
    expect(prices.data).toHaveLength(listOffers().length)
  })

  it('replaces a price whose amount was changed, and still knows the old one', async () => {
    const before = await priceIdOf(monthly!)
    monthly!.price.amount += 100
    try {
      const [replaced] = await ensurePrices()
      expect(replaced).toMatchObject({ done: 'replaced' })
      expect(await priceIdOf(monthly!)).toBe(replaced?.priceId)
      expect((await findPrice(before))?.offer).toMatchObject({ kind: 'plan', interval: 'month' })
      expect((await findPrice(before))?.amountIn('usd')).toBe('1000')
      expect((await context.stripe.prices.retrieve(before)).active).toBe(false)
    } finally {
      monthly!.price.amount -= 100
      await ensurePrices()
    }
  })
})

describe('findPrice', () => {
  it('knows every offer by its price', async () => {
    for (const offer of listOffers()) {
      const price = await findPrice(await priceIdOf(offer))
      expect(price?.offer.price.lookupKey).toBe(offer.price.lookupKey)
      expect(price?.amountIn('usd')).toBe(String(offer.price.amount))
      expect(price?.amountIn('eur')).toBeNull()
    }
  })

  it('does not know what is not ours', async () => {
    expect(await findPrice('price_of_somebody_else')).toBeNull()
    const product = await context.stripe.products.create({ name: 'Socks' })
    const price = await context.stripe.prices.create({ product: product.id, unit_amount: 500, currency: 'usd' })
    expect(await findPrice(price.id)).toBeNull()
  })

  it('takes the price that the environment names', async () => {
    const product = await context.stripe.products.create({ name: 'From before' })
    const price = await context.stripe.prices.create({
      product: product.id,
      unit_amount: 900,
      currency: 'usd',
      recurring: { interval: 'month' },
    })
    process.env.STRIPE_PRICE_BEGINNER_MONTH = price.id
    expect(await priceIdOf(monthly!)).toBe(price.id)
    expect((await findPrice(price.id))?.offer).toMatchObject({ kind: 'plan', plan: { name: 'Beginner' } })
  })
})
