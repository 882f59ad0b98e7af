import type Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { forgetCoupons } from '#app/billing/upcoming-invoice/coupons.server.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { aUser, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

/** The clock moves for all tests, so the plans of this one are ended. */
afterEach(async () => {
  for (const { id } of (await context.stripe.subscriptions.list()).data) await context.stripe.subscriptions.cancel(id)
  deliveries.take()
})

type Params = Omit<Stripe.SubscriptionCreateParams, 'customer'>

/** A subscription created at Stripe, all events delivered. */
async function subscribed(params: Params): Promise<User> {
  const { stripe } = context
  const user = await aUser()
  const customer = await ensureCustomer(user)
  const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  await stripe.subscriptions.create({ customer, ...params })
  await deliveries.deliver()
  return readUser(user._id)
}

const daily = async (quantity = 1) => ({ price: await planPrice('Daily'), quantity })

/** A price added to the Daily plan's product in the dashboard. */
async function handmade(params: Partial<Stripe.PriceCreateParams> = {}): Promise<string> {
  const { product } = await context.stripe.prices.retrieve(await planPrice('Daily'))
  const recurring = { interval: 'month' as const }
  const { id } = await context.stripe.prices.create({
    ...{ product: product as string, currency: 'usd', unit_amount: 1200, recurring },
    ...params,
  })
  return id
}

async function addOn(amount = 700): Promise<string> {
  const product = await context.stripe.products.create({ name: 'Support by phone' })
  return handmade({ product: product.id, unit_amount: amount })
}

const coupon = async (params: Stripe.CouponCreateParams) => ({
  coupon: (await context.stripe.coupons.create(params)).id,
})

/** Compares what is stored with Stripe's preview, and then with the actual invoice and its credits. */
async function expectAsInvoiced(user: User): Promise<void> {
  const { nextPayment } = (await readUser(user._id)).subscription!
  const preview = await context.stripe.invoices.createPreview({ subscription: subscriptionIdOf(user) })
  expect(nextPayment).not.toBeNull()
  expect(nextPayment).toMatchObject({ amount: preview.total, currency: preview.currency })
  expect(nextPayment!.at.getTime() / 1000).toBe(preview.period_end)
  const before = (await historyOf(user)).length
  context.sandbox.advance(nextPayment!.at.getTime() / 1000 - context.sandbox.now() + 7200)
  await deliveries.deliver()
  const rows = await historyOf(user)
  expect(rows).toHaveLength(before + 1)
  expect(rows.at(-1)).toMatchObject({ amount: nextPayment!.amount, creditsAdded: nextPayment!.credits })
}

describe('the next payment and its credits', () => {
  const half = { percent_off: 50, duration: 'forever' as const }
  const shapes: [string, () => Promise<Params>, number, number][] = [
    ['as listed', async () => ({ items: [await daily()] }), 1800, 2000],
    ['an older price', async () => ({ items: [{ price: await handmade() }] }), 1200, 2000],
    ['three of it', async () => ({ items: [await daily(3)] }), 5400, 6000],
    ['half price forever', async () => ({ items: [await daily()], discounts: [await coupon(half)] }), 900, 2000],
    [
      'half price for three months',
      async () => ({
        items: [await daily()],
        discounts: [await coupon({ percent_off: 50, duration: 'repeating', duration_in_months: 3 })],
      }),
      900,
      2000,
    ],
    [
      'half price for one month, which is over',
      async () => ({
        items: [await daily()],
        discounts: [await coupon({ percent_off: 50, duration: 'repeating', duration_in_months: 1 })],
      }),
      1800,
      2000,
    ],
    [
      'half of the first invoice',
      async () => ({ items: [await daily()], discounts: [await coupon({ percent_off: 50, duration: 'once' })] }),
      1800,
      2000,
    ],
    [
      'five dollars off',
      async () => ({
        items: [await daily()],
        discounts: [await coupon({ amount_off: 500, currency: 'usd', duration: 'forever' })],
      }),
      1300,
      2000,
    ],
    [
      'more off than it costs',
      async () => ({
        items: [await daily()],
        discounts: [await coupon({ amount_off: 5000, currency: 'usd', duration: 'forever' })],
      }),
      0,
      2000,
    ],
    [
      'two coupons, one after the other',
      async () => ({
        items: [await daily()],
        discounts: [await coupon({ amount_off: 501, currency: 'usd', duration: 'forever' }), await coupon(half)],
      }),
      649,
      2000,
    ],
    ['an add-on beside it', async () => ({ items: [{ price: await addOn() }, await daily()] }), 2500, 2000],
    [
      'an add-on that a coupon is not for',
      async () => {
        const { product } = await context.stripe.prices.retrieve(await planPrice('Daily'))
        const discount = await coupon({ ...half, applies_to: { products: [product as string] } })
        return { items: [{ price: await addOn(701) }, await daily()], discounts: [discount] }
      },
      1601,
      2000,
    ],
    [
      'ten dollars off two lines',
      async () => ({
        items: [{ price: await addOn() }, await daily()],
        discounts: [await coupon({ amount_off: 1000, currency: 'usd', duration: 'forever' })],
      }),
      1500,
      2000,
    ],
    ['a year', async () => ({ items: [{ price: await planPrice('Daily', 'year') }] }), 18_000, 24_000],
    [
      'in yen',
      async () => {
        const price = await planPrice('Daily')
        await context.stripe.prices.update(price, { currency_options: { jpy: { unit_amount: 2700 } } })
        forgetPrices()
        return { currency: 'jpy', items: [{ price }] }
      },
      2700,
      2000,
    ],
    ['after a trial', async () => ({ items: [await daily(2)], trial_period_days: 10 }), 3600, 4000],
  ]

  it.each(shapes)(
    'the next payment and its credits are those that Stripe then invoices: %s',
    async (_, make, amount, credits) => {
      const user = await subscribed(await make())
      expect(user.subscription?.nextPayment).toMatchObject({ amount, credits, isExact: true })
      await expectAsInvoiced(user)
    },
  )
})

describe('the next payment from Stripe’s upcoming invoice', () => {
  it('the next payment after a quantity was raised in mid-period adds the rest of this period', async () => {
    const user = await subscribed({ items: [await daily()] })
    const { stripe } = context
    const { items } = await stripe.subscriptions.retrieve(subscriptionIdOf(user))
    advance(context, 10)
    const changed = [{ id: items.data[0]!.id, quantity: 2 }]
    await stripe.subscriptions.update(subscriptionIdOf(user), {
      items: changed,
      proration_behavior: 'create_prorations',
    })
    await deliveries.deliver()
    const { nextPayment, price } = (await readUser(user._id)).subscription!
    expect(nextPayment!.amount).toBeGreaterThan(3600 + 1000)
    expect(price).toMatchObject({ amount: 3600 })
    await expectAsInvoiced(user)
    expect((await readUser(user._id)).subscription?.nextPayment).toMatchObject({ amount: 3600, credits: 4000 })
  })

  it('the next payment under a deleted coupon is what Stripe will charge', async () => {
    const half = await coupon({ percent_off: 50, duration: 'forever' })
    const user = await subscribed({ items: [await daily()], discounts: [half] })
    await context.stripe.coupons.del(half.coupon)
    forgetCoupons()
    const paymentMethod = await context.stripe.paymentMethods.attach('pm_card_visa', {
      customer: user.stripeCustomerId!,
    })
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { default_payment_method: paymentMethod.id })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ nextPayment: { amount: 900 }, price: null })
    await expectAsInvoiced(user)
  })

  it('the next payment under the customer’s own coupon does not state what a period costs', async () => {
    const user = await subscribed({ items: [await daily()] })
    const { world } = context.sandbox
    const discount = { object: 'discount', source: { coupon: 'HALF', type: 'coupon' } } as never
    world.run(() => world.tables.customers.update(user.stripeCustomerId!, { discount }))
    const { subscription } = await syncSubscriptions(user._id)
    expect(subscription).toMatchObject({ nextPayment: { amount: 1800 }, price: null })
  })

  it('the next payment includes items added to the next invoice, until they are removed', async () => {
    const user = await subscribed({ items: [await daily()] })
    const item = { customer: user.stripeCustomerId!, subscription: subscriptionIdOf(user), amount: 500 }
    const { id } = await context.stripe.invoiceItems.create({ ...item, currency: 'usd' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.nextPayment).toMatchObject({ amount: 2300, credits: 2000 })
    await context.stripe.invoiceItems.del(id)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.nextPayment).toMatchObject({ amount: 1800 })
  })

  it('the next payment follows a coupon added later, by its own event alone', async () => {
    const user = await subscribed({ items: [await daily()] })
    const half = await coupon({ percent_off: 50, duration: 'once' })
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { discounts: [half] })
    await deliveries.deliver({ type: 'customer.discount.created' })
    expect((await readUser(user._id)).subscription).toMatchObject({
      nextPayment: { amount: 900 },
      price: { amount: 1800 },
    })
    await expectAsInvoiced(user)
    expect((await readUser(user._id)).subscription?.nextPayment).toMatchObject({ amount: 1800 })
  })

  it('the next payment follows an end in the middle of the next period', async () => {
    const user = await subscribed({ items: [await daily()] })
    const end = user.subscription!.currentPeriodEnd!.getTime() / 1000
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at: end + 10 * 86_400 })
    await deliveries.deliver()
    const preview = await context.stripe.invoices.createPreview({ subscription: subscriptionIdOf(user) })
    expect((await readUser(user._id)).subscription?.nextPayment).toMatchObject({ amount: preview.total })
  })
})

describe('a next payment without an amount', () => {
  it.each<[string, (id: string) => Promise<unknown>]>([
    ['a cancellation at period end', (id) => context.stripe.subscriptions.update(id, { cancel_at_period_end: true })],
    ['paused collection', (id) => context.stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } })],
    ['a paused plan', (id) => context.stripe.subscriptions.pause(id)],
  ])('the next payment has no amount with %s, but the price of a period stays known', async (_, happens) => {
    const user = await subscribed({ items: [await daily(3)] })
    await happens(subscriptionIdOf(user))
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({
      nextPayment: null,
      price: { amount: 5400, currency: 'usd', interval: 'month', intervalCount: 1 },
    })
  })
})

describe('a scheduled downgrade', () => {
  it('a scheduled downgrade is charged next, with the coupon that stays', async () => {
    const half = await coupon({ percent_off: 50, duration: 'forever' })
    const user = await subscribed({ items: [await daily(2)], discounts: [half] })
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    const { nextPayment, price } = (await readUser(user._id)).subscription!
    expect(nextPayment).toMatchObject({ amount: 1000, credits: 2000 })
    expect(price).toMatchObject({ amount: 1800 })
    await expectAsInvoiced(user)
  })
})

it('the next payment says that it excludes tax, which is not guessed', async () => {
  const user = await subscribed({ items: [await daily()], automatic_tax: { enabled: true } })
  expect(user.subscription).toMatchObject({ nextPayment: { amount: 1800, isExact: false }, price: { isExact: false } })
})
