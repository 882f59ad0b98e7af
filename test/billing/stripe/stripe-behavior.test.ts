import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { listOffers, productOf, tagOf } from '#app/billing/catalog/offers.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { listAll } from '#app/billing/stripe/client.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { UserModel } from '#models/user.server.ts'
import type { User } from '#models/user.server.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { chargesOf, subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import { planPrice } from '#test/billing/plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from '#test/billing/scenario.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postGood } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => {
  vi.useRealTimers()
  setNow(null)
})

const balanceOf = async ({ _id }: User) => {
  const customer = await context.stripe.customers.retrieve((await readUser(_id)).stripeCustomerId!)
  return customer.deleted ? null : customer.balance
}

/** A user with a card and no plan yet. */
async function shopper(): Promise<User & { stripeCustomerId: string }> {
  follow(context)
  const user = await aUser()
  await line.buy({ user, pack: '500' })
  await line.deliver()
  const after = await readUser(user._id)
  return { ...after, stripeCustomerId: after.stripeCustomerId! }
}

const cardOf = async (customer: string) =>
  (await context.stripe.paymentMethods.list({ customer })).data[0]?.id ??
  (await context.stripe.paymentMethods.attach('pm_card_visa', { customer })).id

describe('objects under a test clock', () => {
  it('reconcile finds a lost payment under a test clock, which Stripe’s lists leave out (2.7)', async () => {
    const { stripe, sandbox } = context
    const user = await aUser()
    const clock = await stripe.testHelpers.testClocks.create({ frozen_time: sandbox.now() })
    const metadata = { app: 'scrip', userId: user._id.toHexString() }
    const customer = await stripe.customers.create({ test_clock: clock.id, metadata })
    await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: customer.id } })
    const card = await cardOf(customer.id)
    const items = [{ price: await planPrice('Beginner') }]
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items,
      default_payment_method: card,
      metadata,
    })
    expect((await stripe.subscriptions.list({ limit: 100 })).data.map((one) => one.id)).not.toContain(id)
    line.take()
    expect(await reconcile()).toMatchObject({ failed: [] })
    expect(await creditsOf(user)).toBe(1000)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
  })
})

describe('a plan that a coupon made free', () => {
  async function freeOf(plan: string): Promise<User> {
    const user = await shopper()
    const coupon = await context.stripe.coupons.create({
      percent_off: 100,
      duration: 'once',
    })
    await context.stripe.subscriptions.create({
      customer: user.stripeCustomerId,
      items: [{ price: await planPrice(plan) }],
      default_payment_method: await cardOf(user.stripeCustomerId),
      discounts: [{ coupon: coupon.id }],
    })
    await line.deliver()
    return readUser(user._id)
  }

  it('a downgrade of a plan that a coupon made free leaves no money and no credits over (2.8)', async () => {
    const user = await freeOf('Creator')
    expect(await creditsOf(user)).toBe(5500)
    await changePlan(user, { plan: 'Beginner', interval: 'month' }, { nonce: randomUUID() })
    await line.deliver()
    expect(await balanceOf(user)).toBe(0)
    expect(await creditsOf(user)).toBe(5500)
    advance(context, 32)
    await line.deliver()
    expect(await balanceOf(user)).toBe(0)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner' })
    expect((await historyOf(user)).map(({ amount, creditsAdded }) => [amount, creditsAdded])).toEqual([
      [0, 5000],
      [1000, 1000],
    ])
  })

  it('an upgrade of a plan that a coupon made free takes credits back for the free time that Stripe credits (2.8)', async () => {
    const user = await freeOf('Beginner')
    const choice = { plan: 'Creator', interval: 'month' as const }
    const { amountDue, credits } = await previewPlanChange(user, choice)
    await changePlan(user, choice, { nonce: randomUUID() })
    await line.deliver()
    const paid = (await historyOf(user)).at(-1)!
    expect(paid.amount).toBe(amountDue)
    // Whatever Stripe's proration is, there are never more credits than the money of the new plan buys.
    expect(credits).toBeLessThanOrEqual(Math.ceil((5000 * (amountDue + 1000)) / 4000) - 1000)
    expect(await creditsOf(user)).toBe(1500 + credits)
  })
})

describe('an upgrade shortly before the period ends', () => {
  it.each([1, 60, 3600, 86_400, 15 * 86_400])(
    'an upgrade %i seconds before the period ends grants credits by the share of the money (2.9)',
    async (seconds) => {
      vi.useFakeTimers({ toFake: ['Date'] })
      const user = await subscriber(line)
      const end = user.subscription!.currentPeriodEnd!.getTime() / 1000
      context.sandbox.advanceTo(end - seconds)
      follow(context)
      await line.deliver()
      const choice = { plan: 'Creator', interval: 'month' as const }
      const period = (end - user.subscription!.currentPeriodStart!.getTime() / 1000) / seconds
      const { credits } = await previewPlanChange(user, choice)
      await changePlan(user, choice, { nonce: randomUUID() })
      await line.deliver()
      // 4000 more a month, prorated; prorations are rounded to the cent, which is one or two credits each.
      expect(credits).toBeLessThanOrEqual(Math.ceil(4000 / period) + 3)
      expect(await creditsOf(user)).toBeLessThanOrEqual(1000 + Math.ceil(4000 / period) + 3)
    },
  )
})

describe('currencies without cents', () => {
  it('a plan in yen, its proration and its refund are counted in yen (2.10)', async () => {
    const user = await shopper()
    const { stripe } = context
    const priceIn = async (plan: string, amount: number) => {
      const offer = listOffers().find(
        (one) => one.kind === 'plan' && one.plan.name === plan && one.interval === 'month',
      )!
      const { id } = productOf(offer)
      const recurring = { interval: 'month' as const }
      return stripe.prices.create({
        product: id,
        unit_amount: amount,
        currency: 'jpy',
        recurring,
        metadata: tagOf(offer),
      })
    }
    const [small, large] = [await priceIn('Beginner', 1500), await priceIn('Creator', 6000)]
    const other = await stripe.customers.create({ metadata: { app: 'scrip', userId: user._id.toHexString() } })
    await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: other.id } })
    const card = await cardOf(other.id)
    const subscription = await stripe.subscriptions.create({
      customer: other.id,
      items: [{ price: small.id }],
      default_payment_method: card,
    })
    await line.deliver()
    expect(await historyOf(user)).toMatchObject([{ amount: 1500, currency: 'jpy', creditsAdded: 1000 }])
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: subscription.items.data[0]!.id, price: large.id }],
      proration_behavior: 'always_invoice',
    })
    await line.deliver()
    const [, upgrade] = await historyOf(user)
    expect(upgrade).toMatchObject({ currency: 'jpy', planName: 'Creator' })
    expect(upgrade!.amount).toBeGreaterThan(4400)
    expect(upgrade!.creditsAdded).toBe(Math.trunc((upgrade!.amount + 1500) * (5000 / 6000)) - 1000)
    const [newest] = await chargesOf(context, await readUser(user._id))
    await stripe.refunds.create({ charge: newest!.id })
    await line.deliver()
    expect(await creditsOf(user)).toBe(1500)
  })
})

describe('several changes within one period', () => {
  it('money and credits stay in step when the dashboard moves a plan up, down and away within one period (2.11)', async () => {
    const user = await subscriber(line)
    const { stripe } = context
    const id = subscriptionIdOf(user)
    const { items } = await stripe.subscriptions.retrieve(id)
    const to = async (plan: string) => {
      await stripe.subscriptions.update(id, {
        items: [{ id: items.data[0]!.id, price: await planPrice(plan) }],
        proration_behavior: 'always_invoice',
      })
      await line.deliver()
    }
    for (const plan of ['Creator', 'Beginner', 'Daily', 'Beginner']) {
      advance(context, 3)
      await to(plan)
    }
    await stripe.subscriptions.cancel(id, { prorate: true, invoice_now: true })
    await line.deliver()
    const { data: invoices } = await stripe.invoices.list({ subscription: id, limit: 100 })
    const rates: Record<number, number> = { 1000: 1, 1800: 2000 / 1800, 4000: 5000 / 4000 }
    let expected = 0
    for (const { lines } of invoices) {
      for (const one of lines.data) expected += one.amount * rates[Number(one.pricing?.unit_amount_decimal)]!
    }
    // One rounding per invoice, toward zero.
    expect(Math.abs((await creditsOf(user)) - expected)).toBeLessThan(invoices.length)
    expect(await creditsOf(user)).toBeGreaterThanOrEqual(0)
    expect((await getBalance(user._id)).debt).toBe(0)
    const paid = (await historyOf(user)).reduce((sum, row) => sum + row.amount, 0)
    const totals = invoices.reduce((sum, invoice) => sum + invoice.total, 0)
    expect(paid + (await balanceOf(user))!).toBe(totals)
  })
})

describe('a void invoice that a balance had paid in part', () => {
  it('a void invoice that a balance had paid in part grants no credits and takes none, whatever happens to the balance (2.12)', async () => {
    const user = await subscriber(line)
    const { stripe } = context
    const customer = user.stripeCustomerId!
    await stripe.customers.createBalanceTransaction(customer, { amount: -300, currency: 'usd' })
    await stripe.subscriptions.update(subscriptionIdOf(user), { collection_method: 'send_invoice', days_until_due: 30 })
    advance(context, 32)
    await line.deliver()
    const [open] = (await stripe.invoices.list({ customer, status: 'open' })).data
    expect(open).toMatchObject({ total: 1000, amount_due: 700 })
    await stripe.invoices.voidInvoice(open!.id)
    await line.deliver()
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toHaveLength(1)
    expect(await reconcile()).toMatchObject({ failed: [] })
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('a list that grows while it is read', () => {
  it('a list that grows while it is read misses nothing and repeats nothing (2.13)', async () => {
    const customers = await Promise.all(Array.from({ length: 7 }, () => context.stripe.customers.create({})))
    // Before each page another object is added at the start of the list.
    const { api } = context.sandbox
    const handle = api.handle.bind(api)
    let newcomers = 0
    vi.spyOn(api, 'handle').mockImplementation((request) => {
      if (request.method === 'GET' && request.path === '/v1/customers' && newcomers++ < 5)
        handle({ ...request, method: 'POST', query: '' })
      return handle(request)
    })
    const seen = await listAll((stripe) => stripe.customers.list({ limit: 2 }))
    vi.restoreAllMocks()
    expect(newcomers).toBeGreaterThan(3)
    const ids = seen.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { id } of customers) expect(ids).toContain(id)
  })
})

describe('a replaced price', () => {
  it('a replaced price is still paid by its subscribers, and grants by its own amount (2.14)', async () => {
    const user = await subscriber(line)
    const price = findPlan('Beginner')!.prices!.month
    price.amount = 1500
    try {
      await ensurePrices()
      advance(context, 32)
      await postGood(line.take())
      expect((await historyOf(user)).map(({ amount, creditsAdded }) => [amount, creditsAdded])).toEqual([
        [1000, 1000],
        [1000, 1000],
      ])
      const newcomer = await subscriber(line)
      expect(await historyOf(newcomer)).toMatchObject([{ amount: 1500, creditsAdded: 1000 }])
    } finally {
      price.amount = 1000
      await ensurePrices()
    }
  })
})

describe('the books', () => {
  it('the books balance after all these changes', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
