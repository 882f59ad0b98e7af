import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { OfferUnavailable } from '#app/billing/errors.ts'
import { type Interval } from '#app/billing/plans.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriber } from '../customers.ts'
import { planPrice, usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

const subscriptionOf = async (user: User) => (await readUser(user._id)).subscription!
const rowsOf = async (user: User) =>
  (await historyOf(user)).map(({ amount, currency, creditsAdded }) => [amount, currency, creditsAdded])

/** A subscription created in the dashboard. */
async function subscribed(params: { interval?: Interval; quantity?: number; currency?: string } = {}): Promise<User> {
  const user = await aUser()
  const { interval = 'month', quantity = 1, currency } = params
  const customer = await ensureCustomer(user)
  const { id } = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
  await context.stripe.subscriptions.create({
    customer,
    default_payment_method: id,
    items: [{ price: await planPrice('Beginner', interval), quantity }],
    ...(currency && { currency }),
  })
  await deliveries.deliver()
  return readUser(user._id)
}

describe('a year', () => {
  it('a yearly renewal grants another year’s credits', async () => {
    const user = await subscriber(deliveries, { interval: 'year' })
    advance(context, 368)
    await deliveries.deliver()
    expect(await rowsOf(user)).toEqual([
      [10_000, 'usd', 12_000],
      [10_000, 'usd', 12_000],
    ])
    expect(await creditsOf(user)).toBe(24_000)
  })

  it('a change from month to year and back uses up the year first, and every row has its credits', async () => {
    const user = await subscriber(deliveries)
    advance(context, 10)
    const { credits, amountDue } = await previewPlanChange(user, { plan: 'Beginner', interval: 'year' })
    await changePlan(user, { plan: 'Beginner', interval: 'year' })
    await deliveries.deliver()
    expect(await changePlan(user, { plan: 'Beginner', interval: 'month' })).toMatchObject({ state: 'scheduled' })
    expect(await subscriptionOf(user)).toMatchObject({
      interval: 'year',
      scheduledChange: { plan: 'Beginner', interval: 'month' },
    })
    // Room for a leap day and for the hour until an invoice is finalized.
    advance(context, 368)
    await deliveries.deliver()
    expect(await subscriptionOf(user)).toMatchObject({ interval: 'month', status: 'active', scheduledChange: null })
    expect(await rowsOf(user)).toEqual([
      [1000, 'usd', 1000],
      [amountDue, 'usd', credits],
      [1000, 'usd', 1000],
    ])
    expect(await creditsOf(user)).toBe(2000 + credits)
  })

  it('a row says what was granted when the plan turns to monthly shares between the credits and the row (H32)', async () => {
    const user = await subscriber(deliveries, { interval: 'year' })
    beginner.yearlyCredits = 'monthly'
    await BillingHistoryModel.deleteMany({ userId: user._id })
    await againPaid()
    expect(await rowsOf(user)).toEqual([[10_000, 'usd', 12_000]])
    expect(await creditsOf(user)).toBe(12_000)
  })

  it('a row counts all twelve shares when the plan turns to yearly credits between the credits and the row (H32)', async () => {
    beginner.yearlyCredits = 'monthly'
    const user = await subscriber(deliveries, { interval: 'year' })
    beginner.yearlyCredits = 'upfront'
    await BillingHistoryModel.deleteMany({ userId: user._id })
    await againPaid()
    expect(await rowsOf(user)).toEqual([[10_000, 'usd', 12_000]])
    const { credits, grants } = await getBalance(user._id)
    expect(credits).toBe(1000)
    expect(grants).toHaveLength(12)
  })

  async function againPaid() {
    const event = context.sandbox.events('invoice.paid').at(-1)!
    expect((await post(JSON.stringify({ ...event, id: `evt_${randomUUID()}` }))).status).toBe(200)
  }
})

describe('a quantity above one', () => {
  it('a quantity of a plan multiplies its credits, at each renewal and for a change of the quantity', async () => {
    const user = await subscribed({ quantity: 3 })
    expect(await rowsOf(user)).toEqual([[3000, 'usd', 3000]])
    advance(context, 32)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(6000)
    const { stripeSubscriptionId: id } = await subscriptionOf(user)
    const { items } = await context.stripe.subscriptions.retrieve(id!)
    await context.stripe.subscriptions.update(id!, {
      items: [{ id: items.data[0]!.id, quantity: 5 }],
      proration_behavior: 'always_invoice',
    })
    await deliveries.deliver()
    const last = (await historyOf(user)).at(-1)!
    expect(last.amount).toBeGreaterThan(1800)
    expect(last.creditsAdded).toBe(last.amount)
  })
})

describe('a price in other currencies', () => {
  beforeEach(async () => {
    await context.stripe.prices.update(await planPrice('Beginner', 'month'), {
      currency_options: { jpy: { unit_amount: 1500 }, eur: { unit_amount: 900 } },
    })
    forgetPrices()
  })

  it.each([
    ['jpy', 1500],
    ['eur', 900],
  ])(
    'a price in %s grants the plan’s credits for its amount there, and the row is in that currency',
    async (currency, amount) => {
      const user = await subscribed({ currency })
      expect(await rowsOf(user)).toEqual([[amount, currency, 1000]])
      const [charge] = (await context.stripe.charges.list({ customer: user.stripeCustomerId! })).data
      await context.stripe.refunds.create({ charge: charge!.id, amount: amount / 2 })
      await deliveries.deliver()
      expect(await creditsOf(user)).toBe(500)
      advance(context, 32)
      await deliveries.deliver()
      expect(await creditsOf(user)).toBe(1500)
    },
  )

  it('a downgrade to a plan not sold in the subscription’s currency is refused, and nothing is scheduled', async () => {
    const { product } = await context.stripe.prices.retrieve(await planPrice('Creator'))
    const price = { product: product as string, currency: 'eur', unit_amount: 4000 }
    const { id } = await context.stripe.prices.create({ ...price, recurring: { interval: 'month' } })
    const user = await aUser()
    const customer = await ensureCustomer(user)
    const { id: card } = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
    await context.stripe.subscriptions.create({ customer, default_payment_method: card, items: [{ price: id }] })
    await deliveries.deliver()
    for (const choice of [
      { plan: 'Daily', interval: 'month' },
      { plan: 'Creator', interval: 'year' },
    ] as const) {
      await expect(previewPlanChange(user, choice)).rejects.toThrow(OfferUnavailable)
      await expect(changePlan(user, choice)).rejects.toThrow(OfferUnavailable)
    }
    expect((await context.stripe.subscriptions.list({ customer })).data[0]).toMatchObject({ schedule: null })
  })

  it('Stripe refuses a currency in which the price is not sold, and nothing is granted', async () => {
    await expect(subscribed({ currency: 'chf' })).rejects.toThrow(/supports currencies/)
  })
})

it('credits and money agree in every currency', async () => {
  expect((await auditGrants()).violations).toEqual([])
  expect((await auditCredits()).violations).toEqual([])
})
