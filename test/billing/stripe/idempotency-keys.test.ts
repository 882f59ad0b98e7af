import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { cancelAtPeriodEnd, undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { listOffers } from '#app/billing/catalog/offers.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { setNow } from '#app/clock.server.ts'
import { UserModel } from '#models/user.server.ts'
import type { ApiRequest, ApiResponse } from '#sandbox/stripe/api/api.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { scheduledChangeOf, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { planPrice } from '#test/billing/plan.ts'
import { aUser, creditsOf, Deliveries, readUser, sessionIdOf } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postAll } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  vi.restoreAllMocks()
  context.sandbox.faults.reset()
  setNow(null)
})

type Answer = (request: ApiRequest, original: () => ApiResponse) => ApiResponse

/** Intercepts the app's requests to Stripe. */
function intercept(answer: Answer): void {
  const { api } = context.sandbox
  const handle = api.handle.bind(api)
  vi.spyOn(api, 'handle').mockImplementation((request) => answer(request, () => handle(request)))
}

/**
 * Stripe fails once at a call, before or after its effect, and stores that answer under the call's key for a day, as it
 * does with every first answer.
 */
function failOnceAndKeepIt(call: RegExp, when: 'before' | 'after'): { hits: () => number } {
  const kept = new Set<string>()
  let hits = 0
  let isWell = false
  const boom = { error: { type: 'api_error', message: 'Something went wrong on our side.' } }
  intercept((request, original) => {
    const key = request.headers['idempotency-key'] ?? ''
    if (!call.test(`${request.method} ${request.path}`) || (isWell && !kept.has(key))) return original()
    if (!isWell && when === 'after') original()
    isWell = true
    kept.add(key)
    hits++
    return { status: 500, headers: { 'Stripe-Should-Retry': 'false' }, body: boom }
  })
  return { hits: () => hits }
}

const MOMENTS = ['before', 'after'] as const
const customersOf = async (userId: string) =>
  (await context.stripe.customers.list({ limit: 100 })).data.filter(({ metadata }) => metadata.userId === userId)

describe('a failure that Stripe stores under the key for a day', () => {
  it.each(MOMENTS)(
    'after a failure %s a customer was created, the next click buys and the user has one customer (2.4)',
    async (when) => {
      const user = await aUser()
      const { hits } = failOnceAndKeepIt(/^POST \/v1\/customers$/, when)
      const nonce = randomUUID()
      const buy = () => createCheckout({ user, pack: '500' }, { nonce })
      await buy().catch(() => null)
      const { url } = await buy()
      expect(hits()).toBeGreaterThan(0)
      context.sandbox.completeCheckout(sessionIdOf(url))
      await line.deliver()
      expect(await creditsOf(user)).toBe(500)
      const { stripeCustomerId } = await readUser(user._id)
      for (const { id } of await customersOf(user._id.toHexString())) {
        const { data } = await context.stripe.charges.list({ customer: id })
        expect(data).toHaveLength(id === stripeCustomerId ? 1 : 0)
      }
    },
  )

  it.each(MOMENTS)('after a failure %s a page was opened, the same form opens one (2.4)', async (when) => {
    const user = await aUser()
    await ensureCustomer(user)
    const { hits } = failOnceAndKeepIt(/^POST \/v1\/checkout\/sessions$/, when)
    const nonce = randomUUID()
    const buy = () => createCheckout({ user, pack: '500' }, { nonce })
    await buy().catch(() => null)
    expect((await buy()).url).toMatch(/^http/)
    expect(hits()).toBeGreaterThan(0)
  })

  it.each(MOMENTS)('after a failure %s an upgrade, the same form upgrades and charges once (2.4)', async (when) => {
    const user = await subscriber(line)
    const { hits } = failOnceAndKeepIt(/^POST \/v1\/subscriptions\/sub_\w+$/, when)
    const nonce = randomUUID()
    const up = () => changePlan(user, { plan: 'Creator', interval: 'month' }, { nonce })
    await up().catch(() => null)
    // If it had taken effect, the plan is already changed, and the form says so.
    await up().catch((error: { code?: string }) => expect(error.code).toBe('already_subscribed'))
    expect(hits()).toBeGreaterThan(0)
    await line.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'active' })
    const { data } = await context.stripe.charges.list({ customer: user.stripeCustomerId! })
    expect(data.filter(({ paid }) => paid)).toHaveLength(2)
  })

  it.each(MOMENTS)('after a failure %s a downgrade was scheduled, the same form schedules it (2.4)', async (when) => {
    const user = await subscriber(line, { plan: 'Creator' })
    const { hits } = failOnceAndKeepIt(/^POST \/v1\/subscription_schedules$/, when)
    const nonce = randomUUID()
    const down = () => changePlan(user, { plan: 'Beginner', interval: 'month' }, { nonce })
    await down().catch(() => null)
    expect(await down()).toMatchObject({ state: 'scheduled' })
    expect(hits()).toBeGreaterThan(0)
    expect(await scheduledChangeOf(user)).toMatchObject({ plan: 'Beginner' })
  })

  it.each(MOMENTS)('after a failure %s a second subscription was ended, the next event ends it (2.4)', async (when) => {
    const user = await subscriber(line)
    const first = subscriptionIdOf(user)
    const { hits } = failOnceAndKeepIt(/^DELETE \/v1\/subscriptions\//, when)
    const { default_payment_method: card } = await context.stripe.subscriptions.retrieve(first)
    await context.stripe.subscriptions.create({
      customer: user.stripeCustomerId!,
      items: [{ price: await planPrice('Daily') }],
      default_payment_method: card as string,
    })
    const events = line.take()
    await postAll(events)
    expect(hits()).toBeGreaterThan(0)
    expect(new Set(await postAll(events))).toEqual(new Set([200]))
    expect((await context.stripe.subscriptions.retrieve(first)).status).toBe('canceled')
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
  })

  it.each(MOMENTS)('after a failure %s a price was created, the next start creates it (2.4)', async (when) => {
    const [monthly] = listOffers()
    monthly!.price.amount += 100
    try {
      const { hits } = failOnceAndKeepIt(/^POST \/v1\/prices$/, when)
      await ensurePrices().catch(() => null)
      await ensurePrices()
      expect(hits()).toBeGreaterThan(0)
      const { data } = await context.stripe.prices.list({ lookup_keys: [monthly!.price.lookupKey] })
      expect(data).toMatchObject([{ unit_amount: monthly!.price.amount, active: true }])
    } finally {
      monthly!.price.amount -= 100
      vi.restoreAllMocks()
      await ensurePrices()
    }
  })
})

describe('one key with other parameters', () => {
  it('two tabs with another name and address in between create one customer and no error (2.2)', async () => {
    const user = await aUser()
    const before = ensureCustomer(user)
    await UserModel.updateOne({ _id: user._id }, { $set: { name: 'Ada Lovelace', email: `new-${user.email}` } })
    const ids = await Promise.all([before, ensureCustomer(user), ensureCustomer(await readUser(user._id))])
    expect(new Set(ids).size).toBe(1)
    expect(await customersOf(user._id.toHexString())).toHaveLength(1)
  })
})

describe('a key in use', () => {
  it('two tabs that use one key at once open one page (2.5)', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    context.sandbox.faults.slow = 150
    const answers: number[] = []
    intercept((request, original) => {
      const answer = original()
      if (request.method === 'POST') answers.push(answer.status)
      return answer
    })
    const buy = () => createCheckout({ user, pack: '500' }, { nonce })
    const pages = await Promise.allSettled([buy(), buy(), buy()])
    expect(answers).toContain(409)
    // A request that met a key in use too often is asked to retry, and the same form then opens the same page.
    context.sandbox.faults.reset()
    const { url } = await buy()
    const opened = pages.flatMap((page) => (page.status === 'fulfilled' ? [page.value.url] : []))
    expect(new Set([...opened, url]).size).toBe(1)
    expect(await customersOf(user._id.toHexString())).toHaveLength(1)
  })

  it.each([429, 'lost_answer', 'reset', 503] as const)(
    'an upgrade that meets %s is charged once, after at most one more click (2.5)',
    async (failure) => {
      const user = await subscriber(line)
      context.sandbox.faults.api = [{ failure, match: 'POST /v1/subscriptions/sub_', times: 1 }]
      const nonce = randomUUID()
      const up = () => changePlan(user, { plan: 'Creator', interval: 'month' }, { nonce })
      await up().catch((error: { code?: string }) => {
        expect(error.code).toBe('stripe_unavailable')
        return up()
      })
      await line.deliver()
      expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator' })
      const { data } = await context.stripe.charges.list({ customer: user.stripeCustomerId! })
      expect(data.filter(({ paid }) => paid)).toHaveLength(2)
    },
  )
})

describe('all requests of a customer’s actions', () => {
  it('no key is used for two requests, every creation has a key of ours, and nothing uses Stripe’s search (2.3, 2.6)', async () => {
    const requests: { call: string; key: string; body: string }[] = []
    intercept((request, original) => {
      const key = request.headers['idempotency-key'] ?? ''
      requests.push({ call: `${request.method} ${request.path}`, key, body: request.body })
      return original()
    })
    follow(context)
    const user = await aUser()
    const buy = async (purchase: { pack: string } | { plan: string; interval: 'month' }) => {
      const { url } = await createCheckout({ user, ...purchase }, { nonce: randomUUID() })
      context.sandbox.completeCheckout(sessionIdOf(url))
      await line.deliver()
    }
    await buy({ pack: '500' })
    await buy({ pack: '500' })
    await buy({ plan: 'Beginner', interval: 'month' })
    await changePlan(user, { plan: 'Creator', interval: 'month' }, { nonce: randomUUID() })
    await changePlan(user, { plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    await changePlan(user, { plan: 'Creator', interval: 'month' }, { nonce: randomUUID() })
    await cancelAtPeriodEnd(user)
    await undoCancellation(user)
    await createPortalSession(user)
    advance(context, 32)
    await line.deliver()
    await reconcile()

    const keyed = requests.filter(({ key }) => key !== '')
    const uses = new Map<string, Set<string>>()
    for (const { key, call, body } of keyed) uses.set(key, (uses.get(key) ?? new Set()).add(`${call} ${body}`))
    expect([...uses].filter(([, one]) => one.size > 1)).toEqual([])

    // The client library generates a missing key, which would be lost with the process.
    const unkeyed = keyed.filter(({ key }) => key.startsWith('stripe-node-retry'))
    const creating = unkeyed.map(({ call }) => call).filter((call) => /^POST \/v1\/[a-z_/]+$/.test(call))
    // A portal session stores nothing, and a preview creates nothing.
    expect(new Set(creating)).toEqual(new Set(['POST /v1/billing_portal/sessions']))
    expect(requests.filter(({ call }) => call.includes('/search'))).toEqual([])
  })
})
