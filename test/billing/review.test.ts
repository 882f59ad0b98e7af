import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { changePlan } from '#app/billing/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout.server.ts'
import { ensureCustomer } from '#app/billing/customer.server.ts'
import { reconcile } from '#app/billing/reconcile.server.ts'
import { findScheduledChange } from '#app/billing/scheduled-change.server.ts'
import { forgetPrices, priceIdOf } from '#app/billing/prices.server.ts'
import { findPlan, plans } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from './scenario.ts'
import { useStripe } from './stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const follow = () => setNow(() => new Date(context.sandbox.now() * 1000))
const advance = (days: number) => {
  context.sandbox.advance(days * 86_400)
  follow()
}
beforeEach(follow)
afterEach(() => setNow(null))
const subscriber = async (plan = 'Beginner', interval: 'month' | 'year' = 'month') => {
  const user = await aUser()
  await deliveries.buy({ user, plan, interval })
  await deliveries.deliver()
  return readUser(user._id)
}
describe('events', () => {
  it.each(['$set', 'a.b', '__proto__', '$where', ''])('metadata key %j is stored: 200', async (key) => {
    const body = `{"id":"evt_${randomUUID()}","object":"event","type":"plan.created","livemode":false,"data":{"object":{"id":"plan_1","metadata":{${JSON.stringify(key)}:"v"}}}}`
    expect((await post(body)).status).toBe(200)
  })
  it('reconcile lists a dead event as failed, not as done', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    const [event] = deliveries.waiting('invoice.paid') as { id: string; type: string }[]
    await WebhookEventModel.create({
      _id: event!.id,
      type: event!.type,
      payload: event,
      status: 'dead',
      attempts: 12,
      receivedAt: new Date(),
    })
    context.sandbox.faults.api = [{ failure: 503, match: 'GET /v1/invoices/in' }]
    const run = await reconcile()
    context.sandbox.faults.reset()
    const told = (list: string[]) => list.filter((s) => s.includes(event!.id))
    expect({ done: told(run!.done), failed: told(run!.failed).length }).toEqual({ done: [], failed: 1 })
  })
})

describe('prices', () => {
  it('a renewal at a price that nobody knows any more is an error, never money for nothing', async () => {
    const product = await context.stripe.products.create({ name: 'Old product of the account' })
    const price = await context.stripe.prices.create({
      product: product.id,
      unit_amount: 1000,
      currency: 'usd',
      recurring: { interval: 'month' },
    })
    process.env.STRIPE_PRICE_BEGINNER_MONTH = price.id
    forgetPrices()
    const user = await subscriber()
    expect(await creditsOf(user)).toBe(1000)
    delete process.env.STRIPE_PRICE_BEGINNER_MONTH
    forgetPrices()
    advance(32)
    const [renewal] = (deliveries.waiting('invoice.paid') as { id: string }[]).slice(-1)
    expect(await deliveries.deliver()).toContain(500)
    expect(await historyOf(user)).toHaveLength(1)
    process.env.STRIPE_PRICE_BEGINNER_MONTH = price.id
    forgetPrices()
    expect((await post(JSON.stringify(renewal))).status).toBe(200)
    expect(await creditsOf(user)).toBe(2000)
    delete process.env.STRIPE_PRICE_BEGINNER_MONTH
    forgetPrices()
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
    const answer = await createCheckout({ user, plan: 'Creator', interval: 'month' }, { nonce: randomUUID() }).then(
      () => 'opened',
      (e: Error) => `${e.constructor.name}: ${e.message}`,
    )
    forgetPrices()
    expect(answer).toBe('opened')
  })
})

describe('customers', () => {
  it('a refund after the customer was deleted still takes the credits', async () => {
    const user = await subscriber()
    const customer = user.stripeCustomerId!
    const [charge] = (await context.stripe.charges.list({ customer, limit: 1 })).data
    await context.stripe.customers.del(customer)
    await deliveries.deliver()
    await context.stripe.refunds.create({ charge: charge!.id })
    const statuses = await deliveries.deliver()
    expect({ statuses: new Set(statuses), credits: await creditsOf(user) }).toEqual({
      statuses: new Set([200]),
      credits: 0,
    })
  })
  it('an answer 500 that Stripe keeps under the key does not lock a person out for a day', async () => {
    const { port } = context.sandbox
    const kept = new Set<string>()
    let poison = true
    const proxy = createServer((request, response) => {
      const key = request.headers['idempotency-key'] as string | undefined
      const isCreate = request.method === 'POST' && request.url === '/v1/customers'
      if (isCreate && key && (poison || kept.has(key))) {
        kept.add(key)
        response
          .writeHead(500, { 'content-type': 'application/json', 'stripe-should-retry': 'false' })
          .end('{"error":{"type":"api_error","message":"boom"}}')
        return
      }
      const chunks: Buffer[] = []
      request
        .on('data', (c: Buffer) => chunks.push(c))
        .on('end', () => {
          void fetch(`http://127.0.0.1:${port}${request.url}`, {
            method: request.method,
            headers: Object.fromEntries(
              Object.entries(request.headers).filter(([k]) => !['host', 'connection', 'content-length'].includes(k)),
            ) as Record<string, string>,
            body: chunks.length ? Buffer.concat(chunks) : undefined,
          }).then(async (r) => response.writeHead(r.status, { 'content-type': 'application/json' }).end(await r.text()))
        })
    })
    await new Promise<void>((r) => proxy.listen(0, '127.0.0.1', r))
    const before = process.env.STRIPE_API_BASE
    process.env.STRIPE_API_BASE = `http://127.0.0.1:${(proxy.address() as { port: number }).port}`
    resetConfig()
    try {
      const user = await aUser()
      await ensureCustomer(user).catch(() => null)
      poison = false // Stripe is well again; it only remembers that key
      const answer = await ensureCustomer(user).then(
        () => 'made',
        (e: Error) => e.constructor.name,
      )
      expect(answer).toBe('made')
    } finally {
      process.env.STRIPE_API_BASE = before
      resetConfig()
      proxy.closeAllConnections()
      proxy.close()
    }
  })
  it('a foreign session that names a user links no foreign customer to that user', async () => {
    const victim = await aUser()
    const stranger = await context.stripe.customers.create({ email: 'stranger@example.com' })
    const product = await context.stripe.products.create({ name: 'Another app' })
    const price = await context.stripe.prices.create({ product: product.id, unit_amount: 100, currency: 'usd' })
    const session = await context.stripe.checkout.sessions.create({
      mode: 'payment',
      customer: stranger.id,
      client_reference_id: victim._id.toHexString(),
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'https://x.test',
    })
    context.sandbox.completeCheckout(session.id, {})
    await deliveries.deliver()
    expect((await UserModel.findById(victim._id).lean())?.stripeCustomerId ?? null).toBeNull()
  })
})

describe('plan changes', () => {
  it('a double click on a downgrade leaves it scheduled', async () => {
    const user = await subscriber('Creator')
    const nonce = randomUUID()
    const choice = { plan: 'Beginner', interval: 'month' as const }
    expect(await changePlan(user, choice, { nonce })).toMatchObject({ state: 'scheduled' })
    const second = await changePlan(user, choice, { nonce }).then(
      (r) => r.state,
      (e: Error) => `${e.constructor.name}: ${e.message}`,
    )
    expect({ second, waiting: (await findScheduledChange(user))?.plan ?? null }).toEqual({
      second: 'scheduled',
      waiting: 'Beginner',
    })
  })
  it('two clicks at once on a downgrade', async () => {
    const user = await subscriber('Creator')
    const nonce = randomUUID()
    const choice = { plan: 'Beginner', interval: 'month' as const }
    const both = await Promise.all(
      [1, 2].map(() =>
        changePlan(user, choice, { nonce }).then(
          (r) => r.state,
          (e: Error) => `${e.constructor.name}: ${e.message}`,
        ),
      ),
    )
    expect({ both, waiting: (await findScheduledChange(user))?.plan ?? null }).toEqual({
      both: ['scheduled', 'scheduled'],
      waiting: 'Beginner',
    })
  })
  it('a downgrade, then another downgrade from another form', async () => {
    const user = await subscriber('Creator')
    await changePlan(user, { plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
    await changePlan(user, { plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    expect((await findScheduledChange(user))?.plan ?? null).toBe('Beginner')
    advance(32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.plan).toBe('Beginner')
    expect(await creditsOf(user)).toBe(6000)
  })
  it('reconcile finds a changed plan of which no event tells any more', async () => {
    const user = await subscriber('Beginner')
    const other = findPlan('Creator')!
    const id = user.subscription!.stripeSubscriptionId!
    const { items } = await context.stripe.subscriptions.retrieve(id)
    const price = await priceIdOf({ kind: 'plan', plan: other, interval: 'month', price: other.prices!.month })
    await context.stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, price }],
      proration_behavior: 'none',
    })
    for (const { id: _id, type } of deliveries.waiting() as { id: string; type: string }[])
      await WebhookEventModel.updateOne(
        { _id },
        { $setOnInsert: { type, payload: {}, status: 'processed', receivedAt: new Date() } },
        { upsert: true },
      )
    await reconcile()
    expect((await readUser(user._id)).subscription?.plan).toBe('Creator')
  })
})

describe('duplicates', () => {
  it('a second subscription beside an unpaid one gives back neither money nor credits that were never there', async () => {
    const user = await subscriber()
    const customer = user.stripeCustomerId!
    const bad = await context.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer })
    const old = user.subscription!.stripeSubscriptionId!
    await context.stripe.subscriptions.update(old, { default_payment_method: bad.id })
    advance(32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'past_due' })
    const good = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
    const price = await priceIdOf({
      kind: 'plan',
      plan: findPlan('Daily')!,
      interval: 'month',
      price: findPlan('Daily')!.prices!.month,
    })
    await context.stripe.subscriptions.create({ customer, items: [{ price }], default_payment_method: good.id })
    await deliveries.deliver()
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    expect((await context.stripe.subscriptions.retrieve(old)).status).toBe('canceled')
    const after = await context.stripe.customers.retrieve(customer)
    expect({ credits: await creditsOf(user), balance: after.deleted ? null : after.balance }).toEqual({
      credits: 3000,
      balance: 0,
    })
  })
})

describe('trials', () => {
  it('the second of two trial pages costs no credits', async () => {
    const plan = plans.find(({ name }) => name === 'Daily')!
    plan.trial = { days: 7, credits: 100 }
    try {
      const user = await aUser()
      const one = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
      const two = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
      // Before the webhook of the first could close the second page.
      context.sandbox.completeCheckout(sessionIdOf(one.url), {})
      context.sandbox.completeCheckout(sessionIdOf(two.url), {})
      await deliveries.deliver()
      await deliveries.deliver()
      expect(await creditsOf(user)).toBe(100)
    } finally {
      plan.trial = null
    }
  })
  it('a trial page left open does not end a plan that is paid', async () => {
    const plan = plans.find(({ name }) => name === 'Daily')!
    plan.trial = { days: 7, credits: 100 }
    try {
      const user = await aUser()
      const trial = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
      await deliveries.buy({ user, plan: 'Creator', interval: 'month' })
      context.sandbox.advance(60)
      context.sandbox.completeCheckout(sessionIdOf(trial.url), {})
      await deliveries.deliver()
      await deliveries.deliver()
      expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'active' })
    } finally {
      plan.trial = null
    }
  })
})

describe('rows', () => {
  it('a plan that ends after its dispute was won: the row is cancelled', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' }, '4000000000000259')
    await deliveries.deliver()
    const [charge] = (
      await context.stripe.charges.list({ customer: (await readUser(user._id)).stripeCustomerId!, limit: 1 })
    ).data
    const [dispute] = (await context.stripe.disputes.list({ charge: charge!.id })).data
    expect(dispute).toBeDefined()
    await context.stripe.disputes.update(dispute!.id, {
      evidence: { uncategorized_text: 'winning_evidence' },
      submit: true,
    })
    await deliveries.deliver()
    await deliveries.deliver()
    await context.stripe.subscriptions.cancel((await readUser(user._id)).subscription!.stripeSubscriptionId!)
    await deliveries.deliver()
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled' }])
  })
  it('a plan that ends while its payment is disputed, won later: the row is cancelled', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' }, '4000000000000259')
    await deliveries.deliver()
    await context.stripe.subscriptions.cancel((await readUser(user._id)).subscription!.stripeSubscriptionId!)
    await deliveries.deliver()
    const [charge] = (
      await context.stripe.charges.list({ customer: (await readUser(user._id)).stripeCustomerId!, limit: 1 })
    ).data
    const [dispute] = (await context.stripe.disputes.list({ charge: charge!.id })).data
    await context.stripe.disputes.update(dispute!.id, {
      evidence: { uncategorized_text: 'winning_evidence' },
      submit: true,
    })
    await deliveries.deliver()
    await deliveries.deliver()
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled' }])
  })
})
