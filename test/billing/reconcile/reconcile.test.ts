import mongoose from 'mongoose'
import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { finishRun, startRun } from '#app/billing/reconcile/lease.server.ts'
import { setNow } from '#app/clock.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { subscriber, subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser, type PostedEvent } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
afterEach(() => setNow(null))

const nothing = { done: [], failed: [] }

/** Marks all events as processed, as if Stripe no longer had them. */
async function dropEvents(): Promise<void> {
  const marked = { payload: {}, status: 'processed' as const, receivedAt: new Date() }
  for (const { id, type } of deliveries.waiting()) {
    await WebhookEventModel.updateOne({ _id: id }, { $set: { type, ...marked } }, { upsert: true })
  }
}

const stored = (event: PostedEvent) => ({ _id: event.id, type: event.type, payload: event, receivedAt: new Date() })

describe('reconcile', () => {
  it('reconcile does what no webhook reported, and nothing the second time', async () => {
    const [subscriber, buyer, refunded] = [await aUser(), await aUser(), await aUser()]
    await deliveries.buy({ user: subscriber, plan: 'Daily', interval: 'month' })
    await deliveries.buy({ user: buyer, pack: '500' })
    await deliveries.buy({ user: refunded, plan: 'Beginner', interval: 'month' })
    const { stripeCustomerId } = await readUser(refunded._id)
    const [charge] = (await context.stripe.charges.list({ customer: stripeCustomerId! })).data
    await context.stripe.refunds.create({ charge: charge!.id, amount: 500 })

    const first = await reconcile()
    expect(first?.failed).toEqual([])
    expect(first?.done.length).toBeGreaterThan(3)
    expect(await creditsOf(subscriber)).toBe(2000)
    expect(await creditsOf(buyer)).toBe(500)
    expect(await creditsOf(refunded)).toBe(500)
    expect((await readUser(subscriber._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })

    expect(await reconcile()).toMatchObject(nothing)
    expect(await reconcile({ since: new Date(0) })).toMatchObject(nothing)
    await deliveries.deliver()
    expect(await creditsOf(subscriber)).toBe(2000)
    expect((await auditGrants()).violations).toEqual([])
  })

  it('reconcile finds by walking the objects what events no longer report (H40)', async () => {
    const [subscriber, buyer] = [await aUser(), await aUser()]
    await deliveries.buy({ user: subscriber, plan: 'Daily', interval: 'month' })
    await deliveries.buy({ user: buyer, pack: '2000' })
    await dropEvents()
    const result = await reconcile()
    expect(result).toMatchObject({ failed: [] })
    expect(await creditsOf(subscriber)).toBe(2000)
    expect(await historyOf(subscriber)).toHaveLength(1)
    expect(await PaymentModel.countDocuments({ userId: buyer._id })).toBe(1)
    expect(await reconcile({ since: new Date(0) })).toMatchObject(nothing)
  })

  it('reconcile finds a changed plan that no event reports any more', async () => {
    const user = await subscriber(deliveries)
    const id = subscriptionIdOf(user)
    const { items } = await context.stripe.subscriptions.retrieve(id)
    const item = { id: items.data[0]!.id, price: await planPrice('Creator') }
    await context.stripe.subscriptions.update(id, { items: [item], proration_behavior: 'none' })
    await dropEvents()
    await reconcile()
    expect((await readUser(user._id)).subscription?.plan).toBe('Creator')
  })

  it('reconcile ends a plan whose end was never reported', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    const id = (await readUser(user._id)).subscription!.stripeSubscriptionId!
    await context.stripe.subscriptions.cancel(id)
    await reconcile()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled' }])
  })

  it('reconcile corrects the price of each period on the page', async () => {
    const user = await subscriber(deliveries)
    const { subscription } = await readUser(user._id)
    const changes = { 'subscription.price.amount': 1, 'subscription.nextPayment.amount': 1 }
    await UserModel.updateOne({ _id: user._id }, { $set: changes })

    expect((await reconcile())?.done).toHaveLength(1)
    const mended = (await readUser(user._id)).subscription
    expect(mended?.price).toEqual(subscription?.price)
    expect(mended?.nextPayment).toEqual(subscription?.nextPayment)
    expect(await reconcile()).toMatchObject(nothing)
  })

  it('reconcile runs once at a time', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => reconcile()))
    expect(runs.filter((run) => run !== null)).toHaveLength(1)
  })

  it('reconcile waits a minute at most for a dead process, which writes nothing when it wakes', async () => {
    const dead = (await startRun())!
    expect(await reconcile()).toBeNull()
    const runs = mongoose.connection.collection('reconcile_runs')
    const { leaseUntil } = (await runs.findOne())!
    expect((leaseUntil as Date).getTime() - Date.now()).toBeLessThanOrEqual(60_000)

    await runs.updateOne({}, { $set: { leaseUntil: new Date() } })
    expect(await reconcile()).not.toBeNull()
    const { lastStart } = (await runs.findOne())!
    await finishRun(dead, new Date(0))
    expect((await runs.findOne())!.lastStart).toEqual(lastStart)
  })

  it('reconcile retries events that failed', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    const [event] = deliveries.waiting('invoice.paid')
    await WebhookEventModel.create({ ...stored(event!), status: 'failed', attempts: 3 })
    await reconcile()
    expect(await creditsOf(user)).toBe(1000)
    expect(await WebhookEventModel.findById(event!.id).lean()).toMatchObject({ status: 'processed', attempts: 4 })
  })

  it('reconcile lists a dead event as failed, not as done', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    const event = deliveries.waiting('invoice.paid').at(-1)
    await WebhookEventModel.create({ ...stored(event!), status: 'dead', attempts: 12 })
    context.sandbox.faults.api = [{ failure: 503, match: 'GET /v1/invoices/in' }]
    const run = await reconcile()
    context.sandbox.faults.reset()
    const told = (list: string[]) => list.filter((s) => s.includes(event!.id))
    expect({ done: told(run!.done), failed: told(run!.failed).length }).toEqual({ done: [], failed: 1 })
  })
})

describe('objects without a counterpart', () => {
  const saying = (sentences: string[] | undefined, id: string) => (sentences ?? []).filter((one) => one.includes(id))

  async function aStranger(metadata: Record<string, string> = {}) {
    const customer = await context.stripe.customers.create({ metadata })
    const method = await context.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
    await context.stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } })
    return customer.id
  }
  const priceOf = async (key: string) => (await context.stripe.prices.list({ lookup_keys: [key] })).data[0]!.id
  const aForeignPrice = async () => {
    const recurring = { interval: 'month' as const }
    const product_data = { name: 'Something else' }
    return (await context.stripe.prices.create({ currency: 'usd', unit_amount: 700, recurring, product_data })).id
  }

  it('a paid invoice and a plan of a customer without a user are listed for a human', async () => {
    const customer = await aStranger()
    const price = await priceOf('scrip_daily_month')
    const subscription = await context.stripe.subscriptions.create({ customer, items: [{ price }] })
    const invoice = subscription.latest_invoice as string
    const first = await reconcile()
    expect(first?.failed).toEqual([])
    for (const id of [invoice, subscription.id]) {
      expect(saying(first?.unclaimed, id)).toEqual([expect.stringContaining(`${customer}, which matches no user`)])
    }
    expect(await BillingHistoryModel.countDocuments({ stripeInvoiceId: invoice })).toBe(0)

    const second = await reconcile()
    expect(second).toMatchObject({ done: [], failed: [], unclaimed: first?.unclaimed })

    // An operator assigns it to a user; from then on it is like any other.
    const user = await aUser()
    await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: customer } })
    const third = await reconcile()
    expect(saying(third?.unclaimed, invoice)).toEqual([])
    expect(await creditsOf(user)).toBe(2000)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
  })

  it('a plan at a price of no known plan is listed for a human', async () => {
    const user = await aUser()
    await deliveries.buy({ user, pack: '500' })
    await deliveries.deliver()
    const { stripeCustomerId } = await readUser(user._id)
    const price = await aForeignPrice()
    const bought = { customer: stripeCustomerId!, items: [{ price }], metadata: { app: 'scrip' } }
    const method = await context.stripe.paymentMethods.attach('pm_card_visa', { customer: stripeCustomerId! })
    const made = await context.stripe.subscriptions.create({ ...bought, default_payment_method: method.id })
    const run = await reconcile()
    expect(run?.failed).toEqual([])
    expect(saying(run?.unclaimed, made.id)).toEqual([expect.stringContaining(`has the price ${price}, which is in no`)])
    expect(saying(run?.unclaimed, made.latest_invoice as string)).toHaveLength(1)
    expect(await creditsOf(user)).toBe(500)
    expect((await readUser(user._id)).subscription ?? null).toBeNull()
  })

  it('a plan that was moved to an unknown price stays what it was sold as, and ends like any other', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Creator', interval: 'month' })
    await deliveries.deliver()
    const id = (await readUser(user._id)).subscription!.stripeSubscriptionId!
    const { items } = await context.stripe.subscriptions.retrieve(id)
    const item = { id: items.data[0]!.id, price: await aForeignPrice() }
    await context.stripe.subscriptions.update(id, { items: [item], proration_behavior: 'none' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'active' })
    expect(saying((await reconcile())?.unclaimed, id)).toHaveLength(1)

    await context.stripe.subscriptions.cancel(id)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(saying((await reconcile())?.unclaimed, id)).toEqual([])
  })

  it('a plan here that Stripe does not know is listed for a human', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    const stranger = 'sub_of_another_account'
    await UserModel.updateOne({ _id: user._id }, { $set: { 'subscription.stripeSubscriptionId': stranger } })
    const { stripeCustomerId } = await readUser(user._id)
    for (const { id } of (await context.stripe.subscriptions.list({ customer: stripeCustomerId! })).data) {
      await context.stripe.subscriptions.cancel(id)
    }
    expect(saying((await reconcile())?.unclaimed, stranger)).toEqual([expect.stringContaining('not known to Stripe')])
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner' })
  })

  it('a customer tagged as ours without a user here is listed for a human', async () => {
    const customer = await aStranger({ app: 'scrip', userId: '64b000000000000000000000' })
    const price = await priceOf('scrip_beginner_month')
    const { latest_invoice } = await context.stripe.subscriptions.create({ customer, items: [{ price }] })
    const run = await reconcile()
    expect(run?.failed).toEqual([])
    expect(saying(run?.unclaimed, latest_invoice as string)).toHaveLength(1)
  })

  it('untagged objects that sell nothing of ours, such as those of "stripe trigger", are not listed', async () => {
    const items = [{ price: await aForeignPrice() }]
    const made = await context.stripe.subscriptions.create({ customer: await aStranger(), items })
    const { unclaimed } = (await reconcile())!
    expect(saying(unclaimed, made.id)).toEqual([])
    expect(saying(unclaimed, made.latest_invoice as string)).toEqual([])
  })

  it('objects with another app’s tag are not listed', async () => {
    const customer = await aStranger({ app: 'another-shop' })
    const items = [{ price: await aForeignPrice() }]
    const made = await context.stripe.subscriptions.create({ customer, items })
    const { unclaimed } = (await reconcile())!
    expect(saying(unclaimed, made.id)).toEqual([])
    expect(saying(unclaimed, made.latest_invoice as string)).toEqual([])
  })
})

it('an object that fails does not block the rest, and is tried again however much later', async () => {
  const [stuck, other] = [await aUser(), await aUser()]
  const start = context.sandbox.now()
  await deliveries.buy({ user: stuck, plan: 'Beginner', interval: 'month' })
  await deliveries.buy({ user: other, pack: '2000' })
  await dropEvents()
  const { stripeCustomerId } = await readUser(stuck._id)
  const invoice = (await context.stripe.invoices.list({ customer: stripeCustomerId! })).data[0]!.id
  context.sandbox.faults.api = [{ failure: 503, match: `GET /v1/invoices/${invoice}` }]
  const broken = await reconcile()
  expect(broken?.failed).toEqual([expect.stringContaining(invoice)])
  expect(await creditsOf(other)).toBe(2000)
  expect(await creditsOf(stuck)).toBe(0)

  context.sandbox.faults.reset()
  setNow(() => new Date((start + 60 * 86_400) * 1000))
  await reconcile({ since: new Date((start + 59 * 86_400) * 1000) })
  expect(await creditsOf(stuck)).toBe(1000)
  expect(await reconcile()).toMatchObject(nothing)
})

it('reconcile finds objects under a test clock, which Stripe’s lists leave out (2.7)', async () => {
  const user = await aUser()
  const clock = await context.stripe.testHelpers.testClocks.create({ frozen_time: context.sandbox.now() - 90 * 86_400 })
  const made = { test_clock: clock.id, metadata: { app: 'scrip', userId: user._id.toHexString() } }
  const customer = await context.stripe.customers.create(made)
  const method = await context.stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  const price = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data[0]!.id
  const items = [{ price }]
  await context.stripe.subscriptions.create({ customer: customer.id, items, default_payment_method: method.id })
  await dropEvents()
  expect((await reconcile())?.failed).toEqual([])
  expect(await creditsOf(user)).toBe(2000)
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
})
