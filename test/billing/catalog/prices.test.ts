import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { brand } from '#app/brand.mjs'
import { listOffers, soldBy } from '#app/billing/catalog/offers.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { findPrice, forgetPrices, priceIdOf } from '#app/billing/catalog/prices.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriber } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, post } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
const [monthly] = listOffers()

useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)
afterEach(() => namePrice(null))

/** Sets Beginner's monthly price in the environment. */
function namePrice(id: string | null): void {
  if (id) process.env.STRIPE_PRICE_BEGINNER_MONTH = id
  else delete process.env.STRIPE_PRICE_BEGINNER_MONTH
  forgetPrices()
}

/** A monthly price created in the dashboard. */
async function aPrice(amount: number): Promise<string> {
  const product = await context.stripe.products.create({ name: 'From before' })
  const recurring = { interval: 'month' as const }
  return (await context.stripe.prices.create({ product: product.id, unit_amount: amount, currency: 'usd', recurring }))
    .id
}

describe('ensurePrices', () => {
  it('ensurePrices creates nothing the second time', async () => {
    const again = await ensurePrices()
    expect(again).toHaveLength(listOffers().length)
    expect(again.every(({ done }) => done === 'kept')).toBe(true)
    const prices = await context.stripe.prices.list({ limit: 100 })
    expect(prices.data).toHaveLength(listOffers().length)
  })

  it('ensurePrices renames the products with the brand, and keeps their prices', async () => {
    const { name } = brand
    const nameAtStripe = async () => (await context.stripe.products.retrieve('scrip_plan_beginner')).name
    brand.name = 'Zorblat'
    try {
      expect((await ensurePrices()).every(({ done }) => done === 'kept')).toBe(true)
      expect(await nameAtStripe()).toBe('Zorblat Beginner')
    } finally {
      brand.name = name
      await ensurePrices()
    }
    expect(await nameAtStripe()).toBe(`${name} Beginner`)
  })

  it('ensurePrices replaces a price whose amount was changed, and still knows the old one', async () => {
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
  it('findPrice finds every offer by its price', async () => {
    for (const offer of listOffers()) {
      const price = await findPrice(await priceIdOf(offer))
      expect(price?.offer).toEqual(soldBy(offer))
      expect(price?.amountIn('usd')).toBe(String(offer.price.amount))
      expect(price?.amountIn('eur')).toBeNull()
    }
  })

  it('findPrice finds nothing for a price that is not ours', async () => {
    expect(await findPrice('price_of_somebody_else')).toBeNull()
    const product = await context.stripe.products.create({ name: 'Socks' })
    const price = await context.stripe.prices.create({ product: product.id, unit_amount: 500, currency: 'usd' })
    expect(await findPrice(price.id)).toBeNull()
  })

  it('findPrice uses the price that the environment names', async () => {
    const price = await aPrice(1000)
    namePrice(price)
    expect(await priceIdOf(monthly!)).toBe(price)
    expect((await findPrice(price))?.offer).toMatchObject({ kind: 'plan', plan: { name: 'Beginner' } })
  })
})

describe('a price that changes while it is in use', () => {
  it('a renewal at an unknown price is an error, and money without credits is never accepted', async () => {
    const price = await aPrice(1000)
    namePrice(price)
    const user = await subscriber(deliveries)
    expect(await creditsOf(user)).toBe(1000)
    namePrice(null)
    advance(context, 32)
    const [renewal] = deliveries.waiting('invoice.paid').slice(-1)
    expect(await deliveries.deliver()).toContain(500)
    expect(await historyOf(user)).toHaveLength(1)
    namePrice(price)
    expect((await post(JSON.stringify(renewal))).status).toBe(200)
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a price replaced by another process within the cache time can still be bought', async () => {
    const plan = findPlan('Creator')!
    const offer = { kind: 'plan' as const, plan, interval: 'month' as const, price: plan.prices!.month }
    const was = await priceIdOf(offer)
    const old = await context.stripe.prices.retrieve(was)
    await context.stripe.prices.create({
      product: old.product as string,
      unit_amount: 4000,
      currency: 'usd',
      recurring: { interval: 'month' },
      lookup_key: offer.price.lookupKey,
      transfer_lookup_key: true,
      metadata: old.metadata,
    })
    await context.stripe.prices.update(was, { active: false })
    const user = await aUser()
    const answer = await createCheckout({ user, plan: 'Creator', interval: 'month' }, { nonce: randomUUID() })
    expect(answer.url).toMatch(/^http/)
  })
})
