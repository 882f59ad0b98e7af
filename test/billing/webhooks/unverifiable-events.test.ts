import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { now } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/*
 * Events about objects that Stripe does not know: of an account that was emptied, or recorded elsewhere. There is
 * nothing to read back, so the events themselves count.
 */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

const MONTH = 30 * 86_400
const seconds = () => Math.floor(now().getTime() / 1000)
const freshId = (prefix: string) => `${prefix}_told${randomUUID().replaceAll('-', '')}`
const priceOf = async (key: string) => (await context.stripe.prices.list({ lookup_keys: [key] })).data[0]!.id

async function tell(type: string, object: object, created = seconds()): Promise<number> {
  const event = { id: freshId('evt'), object: 'event', api_version: '2024-06-20', created, type, livemode: false }
  return (await post(JSON.stringify({ ...event, data: { object } }))).status
}

async function aCustomer(): Promise<{ user: User; customer: string; price: string; subscription: string }> {
  const user = await aUser()
  const customer = freshId('cus')
  await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: customer } })
  return { user, customer, price: await priceOf('scrip_daily_month'), subscription: freshId('sub') }
}
type Customer = Awaited<ReturnType<typeof aCustomer>>

const SHAPES = ['2024-06-20', 'current'] as const
type Shape = (typeof SHAPES)[number]

function invoiceOf({ customer, price, subscription }: Customer, shape: Shape, changes: object = {}) {
  const start = seconds()
  const period = { start, end: start + MONTH }
  const common = { id: freshId('in'), object: 'invoice', customer, currency: 'usd', amount_paid: 1800, status: 'paid' }
  const named = { billing_reason: 'subscription_create', created: start, payment_intent: freshId('pi'), ...changes }
  if (shape === '2024-06-20') {
    const data = [{ id: freshId('il'), amount: 1800, currency: 'usd', period, price: { id: price, unit_amount: 1800 } }]
    return { ...common, subscription, lines: { data }, ...named }
  }
  const pricing = { price_details: { price }, unit_amount_decimal: '1800' }
  const parent = { subscription_item_details: { subscription, proration: false } }
  const data = [{ id: freshId('il'), amount: 1800, currency: 'usd', period, pricing, parent }]
  return { ...common, parent: { subscription_details: { subscription } }, lines: { data }, ...named }
}

function subscriptionOf({ customer, price, subscription: id }: Customer, shape: Shape, changes: object = {}) {
  const period = { current_period_start: seconds(), current_period_end: seconds() + MONTH }
  const common = { id, object: 'subscription', customer, status: 'active', created: seconds() }
  const item = { id: freshId('si'), price: { id: price } }
  if (shape === '2024-06-20') return { ...common, ...period, items: { data: [item] }, ...changes }
  return { ...common, items: { data: [{ ...item, ...period }] }, ...changes }
}

const currentRows = async (user: User) =>
  (await historyOf(user)).filter((row) => row.isCurrentSubscription).map((row) => row.stripeInvoiceId)

describe.each(SHAPES)('events in the shape of %s', (shape) => {
  it('events alone carry a plan from purchase through renewals and a failed payment to its end', async () => {
    const one = await aCustomer()
    const { user } = one
    const first = invoiceOf(one, shape)
    expect(await tell('customer.subscription.created', subscriptionOf(one, shape))).toBe(200)
    expect(await tell('invoice.payment_succeeded', first)).toBe(200)
    expect(await tell('invoice.paid', first)).toBe(200)
    expect(await creditsOf(user)).toBe(2000)
    expect(await currentRows(user)).toEqual([first.id])

    const second = invoiceOf(one, shape, { billing_reason: 'subscription_cycle', created: seconds() + MONTH })
    await tell('invoice.paid', second)
    expect(await creditsOf(user)).toBe(4000)
    expect(await currentRows(user)).toEqual([second.id])

    const third = invoiceOf(one, shape, { billing_reason: 'subscription_cycle', status: 'open', amount_paid: 0 })
    await tell('invoice.payment_failed', third)
    const failed = (await readUser(user._id)).subscription!
    expect(failed).toMatchObject({ plan: 'Daily', status: 'past_due' })
    expect(Math.round((failed.gracePeriodEnd!.getTime() - now().getTime()) / 86_400_000)).toBe(3)

    await tell('invoice.paid', { ...third, status: 'paid', amount_paid: 1800 })
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', gracePeriodEnd: null })

    await tell('customer.subscription.updated', subscriptionOf(one, shape, { cancel_at_period_end: true }))
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', cancelAtPeriodEnd: true })
    const reason = { cancellation_details: { reason: 'cancellation_requested' } }
    await tell('customer.subscription.deleted', subscriptionOf(one, shape, { status: 'canceled', ...reason }))
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect((await historyOf(user)).map((row) => row.status)).toEqual(['cancelled', 'cancelled', 'cancelled'])
    expect(await creditsOf(user)).toBe(6000)
    expect((await auditGrants()).violations).toEqual([])
  })

  it('the event of a paid invoice alone creates the plan as well', async () => {
    const one = await aCustomer()
    await tell('invoice.payment_succeeded', invoiceOf(one, shape))
    const { subscription } = await readUser(one.user._id)
    expect(subscription).toMatchObject({ plan: 'Daily', interval: 'month', status: 'active' })
    expect(subscription!.currentPeriodEnd!.getTime()).toBeGreaterThan(now().getTime() + (MONTH - 60) * 1000)
  })

  it('a late event does not revive what has ended, nor undo a newer one', async () => {
    const one = await aCustomer()
    await tell('invoice.paid', invoiceOf(one, shape), seconds())
    await tell('customer.subscription.updated', subscriptionOf(one, shape, { status: 'past_due' }), seconds() + 50)
    await tell('customer.subscription.updated', subscriptionOf(one, shape), seconds() + 10)
    expect((await readUser(one.user._id)).subscription).toMatchObject({ status: 'past_due' })
    await tell('customer.subscription.deleted', subscriptionOf(one, shape, { status: 'canceled' }), seconds() + 100)
    await tell('customer.subscription.updated', subscriptionOf(one, shape), seconds() + 200)
    expect((await readUser(one.user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
  })

  it('an end whose event arrives first stands', async () => {
    const one = await aCustomer()
    await tell('customer.subscription.deleted', subscriptionOf(one, shape, { status: 'canceled' }))
    await tell('customer.subscription.created', subscriptionOf(one, shape))
    expect((await readUser(one.user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
  })

  it('a refund finds its payment by the invoice’s event, and its total and its parts count once', async () => {
    const one = await aCustomer()
    const invoice = invoiceOf(one, shape)
    await tell('invoice.paid', invoice)
    const { customer } = one
    const charge = freshId('ch')
    const common = { id: charge, object: 'charge', customer, currency: 'usd', amount: 1800 }
    const named = { ...common, payment_intent: invoice.payment_intent, amount_refunded: 900 }
    const refund = {
      id: freshId('re'),
      amount: 900,
      charge,
      payment_intent: invoice.payment_intent,
      created: seconds(),
    }
    expect(await tell('charge.refunded', named)).toBe(200)
    expect(await tell('charge.refunded', named)).toBe(200)
    expect(await tell('refund.created', { ...refund, status: 'succeeded' })).toBe(200)
    expect(await creditsOf(one.user)).toBe(1000)
    await tell('charge.refunded', { ...named, amount_refunded: 1800 })
    expect(await creditsOf(one.user)).toBe(0)
    expect(await historyOf(one.user)).toMatchObject([{ status: 'refunded', amountRefunded: 1800 }])
  })

  it('a refund whose event arrives before its invoice’s takes effect when that arrives', async () => {
    const one = await aCustomer()
    const invoice = invoiceOf(one, shape)
    const { customer } = one
    const refunds = { data: [{ id: freshId('re'), amount: 450, status: 'succeeded', created: seconds() }] }
    const charge = {
      id: freshId('ch'),
      object: 'charge',
      customer,
      currency: 'usd',
      amount: 1800,
      amount_refunded: 450,
    }
    await tell('charge.refunded', { ...charge, payment_intent: invoice.payment_intent, refunds })
    await tell('invoice.paid', invoice)
    expect(await creditsOf(one.user)).toBe(1500)
  })
})

it('events of a requested authentication and of a deleted customer take effect as well', async () => {
  const one = await aCustomer()
  await tell('invoice.paid', invoiceOf(one, 'current'))
  const open = { billing_reason: 'subscription_cycle', status: 'open', amount_paid: 0, amount_due: 1800 }
  await tell('invoice.payment_action_required', invoiceOf(one, 'current', open))
  expect((await readUser(one.user._id)).subscription).toMatchObject({ status: 'past_due' })
  expect(await NotificationModel.countDocuments({ userId: one.user._id, kind: 'action_required' })).toBe(1)
  await tell('customer.deleted', { id: one.customer, object: 'customer' })
  expect((await readUser(one.user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
  expect(await historyOf(one.user)).toMatchObject([{ status: 'cancelled' }])
})

it('the event of a dispute freezes the account, and that of its end lifts the freeze, in any order', async () => {
  const one = await aCustomer()
  const invoice = invoiceOf(one, 'current')
  await tell('invoice.paid', invoice)
  const dispute = { id: freshId('du'), amount: 1800, currency: 'usd', charge: freshId('ch'), created: seconds() }
  const open = { ...dispute, payment_intent: invoice.payment_intent, status: 'needs_response' }
  await tell('charge.dispute.created', open)
  expect(await getBalance(one.user._id)).toMatchObject({ credits: 0, frozen: 'dispute' })
  await tell('charge.dispute.closed', { ...open, status: 'won' })
  await tell('charge.dispute.updated', open)
  expect(await getBalance(one.user._id)).toMatchObject({ credits: 2000, frozen: null })
  expect(await historyOf(one.user)).toMatchObject([{ status: 'active' }])
})

it('events with only the fields of the contract are enough', async () => {
  const { user, customer, price, subscription } = await aCustomer()
  const period = { start: seconds(), end: seconds() + MONTH }
  const lines = { data: [{ amount: 1800, price: { id: price }, period }] }
  const bare = { id: freshId('in'), customer, subscription, amount_paid: 1800, currency: 'usd', status: 'paid', lines }
  expect(await tell('invoice.payment_succeeded', bare)).toBe(200)
  expect(await creditsOf(user)).toBe(2000)
  const items = { data: [{ price: { id: price } }] }
  expect(await tell('customer.subscription.deleted', { id: subscription, customer, status: 'canceled', items })).toBe(
    200,
  )
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free' })
})

it('a session that names its user makes the customer known, and earlier events count', async () => {
  const one = await aCustomer()
  const { user, customer, subscription } = one
  await UserModel.updateOne({ _id: user._id }, { $unset: { stripeCustomerId: true } })
  const invoice = invoiceOf(one, 'current')
  await tell('invoice.paid', invoice)
  expect(await creditsOf(user)).toBe(0)
  expect(await WebhookEventModel.findOne({ 'payload.data.object.id': invoice.id }).lean()).toMatchObject({
    status: 'ignored',
  })
  const named = { client_reference_id: user._id.toHexString(), metadata: { userId: user._id.toHexString() } }
  const session = { id: 'cs_test_told', mode: 'subscription', status: 'complete', payment_status: 'paid' }
  expect(await tell('checkout.session.completed', { ...session, ...named, customer, subscription })).toBe(200)
  expect((await readUser(user._id)).stripeCustomerId).toBe(customer)
  expect(await creditsOf(user)).toBe(2000)
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
})

it('a reference alone, which anybody can write, makes no customer known', async () => {
  const { user } = await aCustomer()
  await UserModel.updateOne({ _id: user._id }, { $unset: { stripeCustomerId: true } })
  const session = { id: 'cs_test_link', mode: 'payment', status: 'complete', payment_status: 'paid' }
  await tell('checkout.session.completed', {
    ...session,
    client_reference_id: user._id.toHexString(),
    customer: freshId('cus'),
  })
  expect((await readUser(user._id)).stripeCustomerId).toBeUndefined()
  expect(await PaymentModel.countDocuments({ userId: user._id })).toBe(0)
})

it('unverifiable events never override what Stripe says', async () => {
  const user = await aUser()
  await deliveries.buy({ user, plan: 'Creator', interval: 'month' })
  await deliveries.deliver()
  const { stripeCustomerId, subscription: before } = await readUser(user._id)
  const one = { ...(await aCustomer()), user, customer: stripeCustomerId! }
  await tell('customer.subscription.created', subscriptionOf(one, 'current'))
  await tell('customer.subscription.deleted', {
    ...subscriptionOf(one, 'current', { status: 'canceled' }),
    id: before!.stripeSubscriptionId,
  })
  expect((await readUser(user._id)).subscription).toMatchObject({
    plan: 'Creator',
    status: 'active',
    stripeSubscriptionId: before!.stripeSubscriptionId,
  })
  const [live] = (await context.stripe.subscriptions.list({ customer: stripeCustomerId! })).data
  expect(live).toMatchObject({ id: before!.stripeSubscriptionId, status: 'active' })
})
