import { randomUUID } from 'node:crypto'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { startSession } from '#app/auth/session.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { checkoutStatus } from '#app/billing/checkout/checkout-status.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { forgetPrices, priceIdOf } from '#app/billing/catalog/prices.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { action as billingAction } from '#app/routes/_app.billing._index/route.tsx'
import { action as apiCheckout } from '#app/routes/api.checkout.ts'
import { action as pricingAction } from '#app/routes/pricing/route.tsx'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const daily = findPlan('Daily')!
const offer = { kind: 'plan' as const, plan: daily, interval: 'month' as const, price: daily.prices!.month }

const ORIGIN = 'http://localhost:3000'

async function requestOf(user: User, path: string, body: BodyInit, headers: Record<string, string> = {}) {
  const cookie = (await startSession(new Request(ORIGIN), user)).split(';')[0] ?? ''
  return new Request(`${ORIGIN}${path}`, { method: 'POST', body, headers: { Cookie: cookie, ...headers } })
}

/** The result of a button on the pricing page: an address, or a status with a message. */
async function press(user: User, nonce: string) {
  const request = await requestOf(user, '/pricing', new URLSearchParams({ plan: 'Daily', interval: 'month', nonce }))
  const answer = (await pricingAction({ request, params: {}, context: {} })) as unknown
  if (answer instanceof Response) return { to: answer.headers.get('Location') ?? '' }
  const { data, init } = answer as { data: { problem: string }; init: { status: number } }
  return { status: init.status, problem: data.problem }
}

const UNAVAILABLE = {
  status: 503,
  problem: 'The payment service is not responding. Try again in a moment; nothing is charged twice.',
}
const aPage = { to: expect.stringContaining('/c/pay/cs_test_') as string }

beforeEach(() => {
  process.env.STRIPE_PATIENCE_SECONDS = '4'
  resetConfig()
})
afterEach(async () => {
  delete process.env.STRIPE_PATIENCE_SECONDS
  process.env.STRIPE_API_BASE = context.sandbox.url
  resetConfig()
  context.sandbox.faults.reset()
})

describe('a failure of Stripe during a checkout', () => {
  it.each([
    ['answers every call with 500', { failure: 500 as const }],
    ['answers every call with 503', { failure: 503 as const }],
    ['answers with too many requests', { failure: 429 as const }],
    ['drops the connection', { failure: 'reset' as const }],
    ['never answers', { failure: 'timeout' as const }],
    ['fails to create the customer', { failure: 500 as const, match: 'POST /v1/customers' }],
    ['fails to open the page', { failure: 500 as const, match: 'POST /v1/checkout/sessions' }],
    ['opens the page but loses the response', { failure: 'lost_answer' as const, match: 'POST /v1/checkout' }],
  ])('a checkout while Stripe %s reports it, buys nothing, and works later', async (_, fault) => {
    const user = await aUser()
    const nonce = randomUUID()
    context.sandbox.faults.api = [fault]
    expect(await press(user, nonce)).toEqual(UNAVAILABLE)
    expect((await readUser(user._id)).subscription).toBeNull()

    context.sandbox.faults.reset()
    expect(await press(user, nonce)).toEqual(aPage)
    const { stripeCustomerId } = await readUser(user._id)
    const tagged = (await context.stripe.customers.list({ limit: 100 })).data.filter(
      ({ metadata }) => metadata.userId === user._id.toHexString(),
    )
    expect(tagged.map(({ id }) => id)).toEqual([stripeCustomerId])
  })

  it('a slow Stripe is bounded by one deadline for all calls together', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    // Each call stays below its limit, but the five or six calls of a purchase exceed the deadline.
    context.sandbox.faults.slow = 1_200
    expect(await press(user, nonce)).toEqual(UNAVAILABLE)
    context.sandbox.faults.reset()
    expect(await press(user, nonce)).toEqual(aPage)
  })

  it('a checkout whose connection is refused reports it and buys nothing', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    process.env.STRIPE_API_BASE = 'http://127.0.0.1:9'
    resetConfig()
    expect(await press(user, nonce)).toEqual(UNAVAILABLE)
    process.env.STRIPE_API_BASE = context.sandbox.url
    resetConfig()
    expect(await press(user, nonce)).toEqual(aPage)
  })

  it('a checkout after a failure that Stripe stores under the form’s key uses a new key', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    await press(user, randomUUID())
    const { tables } = context.sandbox.world
    const before = new Set([...tables.idempotency.newestFirst()].map(({ id }) => id))
    await press(user, nonce)
    const kept = [...tables.idempotency.newestFirst()].find(({ id }) => !before.has(id))!
    const error = { error: { type: 'api_error', message: 'Something went wrong on Stripe’s end.' } }
    context.sandbox.world.run(() => tables.idempotency.update(kept.id, { status: 500, body: error }))
    expect(await press(user, nonce)).toEqual(aPage)
  })

  it('the API reports Stripe’s failure with its code and when to try again', async () => {
    const user = await aUser()
    context.sandbox.faults.api = [{ failure: 500 }]
    const call = async (pack: string | number = '500') => {
      const body = JSON.stringify({ pack })
      const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': 'one', Accept: 'application/json' }
      return apiCheckout({ request: await requestOf(user, '/api/checkout', body, headers), params: {}, context: {} })
    }
    const refused = await call()
    expect(refused.status).toBe(503)
    expect(refused.headers.get('Retry-After')).toBe('5')
    expect(await refused.json()).toMatchObject({ error: { code: 'stripe_unavailable' } })
    context.sandbox.faults.reset()
    const first = (await (await call()).json()) as { url: string }
    expect(await (await call()).json()).toEqual(first)
    // A pack is identified by its credits, which may be a number in JSON.
    expect(await (await call(500)).json()).toEqual(first)
  })
})

describe('an offer that changed after the page was opened', () => {
  it('a form from before a price change opens the checkout at the new price', async () => {
    const user = await aUser()
    const old = await priceIdOf(offer)
    await context.stripe.prices.update(old, { active: false, lookup_key: 'given_up' })
    forgetPricesOfOthers()
    const { to } = await press(user, randomUUID())
    const { data } = await context.stripe.checkout.sessions.listLineItems(sessionIdOf(to!))
    expect(data[0]?.price?.id).not.toBe(old)
  })

  it('a plan whose price was archived is sold at a new price once prices are set up again', async () => {
    const user = await aUser()
    await context.stripe.prices.update(await priceIdOf(offer), { active: false, lookup_key: `lost_${randomUUID()}` })
    await ensurePrices()
    expect(await press(user, randomUUID())).toEqual(aPage)
  })

  it('a plan that is no longer sold is refused with a message, not an error page', async () => {
    const user = await aUser()
    const archived = await priceIdOf(offer)
    await context.stripe.prices.update(archived, { active: false })
    const soldOut = {
      status: 503,
      problem: 'This cannot be bought right now. Nothing was charged; please try again later.',
    }
    const nonce = randomUUID()
    expect(await press(user, nonce)).toEqual(soldOut)
    forgetPrices()
    expect(await press(user, nonce)).toEqual(soldOut)
    await ensurePrices()
    expect(await press(user, nonce)).toEqual(aPage)
  })

  /** Another machine has created the prices anew; this one still has the old ids cached. */
  function forgetPricesOfOthers() {
    const { world } = context.sandbox
    const { tables } = world
    const old = tables.prices.filter(({ lookup_key }) => lookup_key === 'given_up')[0]!
    const id = `price_${randomUUID()}`
    world.run(() => tables.prices.insert({ ...old, id, active: true, lookup_key: offer.price.lookupKey }))
  }
})

describe('the checkout page at Stripe', () => {
  it('an expired checkout says that nothing was charged, and the same form opens a new one', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    const first = sessionIdOf((await press(user, nonce)).to!)
    context.sandbox.advance(25 * 3600)
    expect(await checkoutStatus(await readUser(user._id), first)).toEqual({ state: 'expired', credits: null })
    const page = await fetch(`${context.sandbox.url}/c/pay/${first}`)
    expect(await page.text()).toContain('This checkout has expired')
    const second = await press(user, nonce)
    expect(second).toEqual(aPage)
    expect(sessionIdOf(second.to!)).not.toBe(first)
    // After a day Stripe has dropped the form's key; before that, the key still returns the closed page.
    await context.stripe.checkout.sessions.expire(sessionIdOf(second.to!))
    const third = await press(user, nonce)
    expect(third).toEqual(aPage)
    expect(sessionIdOf(third.to!)).not.toBe(sessionIdOf(second.to!))
    await deliveries.deliver()
    expect(await historyOf(user)).toEqual([])
  })

  it('a checkout that was paid in another tab opens no second subscription before the webhook arrives', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    expect((await readUser(user._id)).subscription).toBeNull()
    expect(await press(user, randomUUID())).toEqual({ to: '/billing/change?plan=Daily&interval=month' })
    await deliveries.deliver()
    expect(await historyOf(user)).toHaveLength(1)
  })

  it('a checkout for a customer who was deleted at Stripe makes a new customer and opens', async () => {
    const user = await aUser()
    await press(user, randomUUID())
    const { stripeCustomerId: old } = await readUser(user._id)
    await context.stripe.customers.del(old!)
    expect(await press(user, randomUUID())).toEqual(aPage)
    expect((await readUser(user._id)).stripeCustomerId).not.toBe(old)
  })

  it('a promotion code lowers the price and not the credits', async () => {
    const user = await aUser()
    const coupon = await context.stripe.coupons.create({ percent_off: 25, duration: 'once' })
    const code = `HELLO${randomUUID().slice(0, 8).toUpperCase()}`
    await context.stripe.promotionCodes.create({ code, promotion: { type: 'coupon', coupon: coupon.id } })
    const buy = async (purchase: { plan: string; interval: 'month' } | { pack: string }) => {
      const { url } = await createCheckout({ user, ...purchase }, { nonce: randomUUID() })
      const body = new URLSearchParams({ code, promotion: 'add' })
      const redeemed = await fetch(url, { method: 'POST', body, redirect: 'manual' })
      expect(redeemed.status).toBe(303)
      context.sandbox.completeCheckout(sessionIdOf(url))
      await deliveries.deliver()
    }
    await buy({ plan: 'Daily', interval: 'month' })
    expect(await historyOf(user)).toMatchObject([{ amount: 1350, creditsAdded: 2000 }])
    await buy({ pack: '500' })
    expect(await creditsOf(user)).toBe(2500)
  })
})

it('a pack on the billing page gets the same message, and then opens in the browser’s language', async () => {
  const user = await aUser()
  const nonce = randomUUID()
  const buy = async () => {
    const body = new URLSearchParams({ intent: 'pack', pack: '500', nonce })
    const request = await requestOf(user, '/billing', body, { 'Accept-Language': 'de-AT,de;q=0.9,en;q=0.8' })
    return (await billingAction({ request, params: {}, context: {} })) as unknown
  }
  context.sandbox.faults.api = [{ failure: 500 }]
  expect(await buy()).toMatchObject({ data: { problem: UNAVAILABLE.problem }, init: { status: 503 } })
  context.sandbox.faults.reset()
  const to = ((await buy()) as Response).headers.get('Location')!
  expect((await context.stripe.checkout.sessions.retrieve(sessionIdOf(to))).locale).toBe('de')
})
