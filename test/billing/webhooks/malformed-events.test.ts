import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { parseConfig } from '#app/config.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { subscriber, subscriptionIdOf } from '../customers.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* Signed events that Stripe would never send: nothing is half done, and no user gets what belongs to another. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const freshId = (prefix: string) => `${prefix}_odd${randomUUID().replaceAll('-', '')}`
const stateOf = async ({ _id }: { _id: Awaited<ReturnType<typeof aUser>>['_id'] }) => {
  // Card and address are copies for the pages, read again on any event of the customer.
  const stored = await readUser(_id)
  const { billingDetails: _copy, ...user } = stored
  return { user, credits: await creditsOf(stored), rows: await historyOf(stored) }
}

async function tell(type: string, object: unknown, event: object = {}) {
  const id = freshId('evt')
  const { status } = await post(JSON.stringify({ id, type, data: { object }, ...event }))
  return { status, stored: await WebhookEventModel.findById(id).lean() }
}

it.each([',', 'whsec_one,', ' ,whsec_one', 'whsec_one,,whsec_two'])(
  'the app does not start with the list of secrets %j, since anybody could sign with the empty one',
  (secrets) => {
    expect(() => parseConfig({ ...process.env, STRIPE_WEBHOOK_SECRET: secrets })).toThrow('STRIPE_WEBHOOK_SECRET')
    expect(() => parseConfig({ ...process.env, SESSION_SECRET: secrets })).toThrow('SESSION_SECRET')
  },
)

it('a body that is not an event is refused and not stored', async () => {
  const before = await WebhookEventModel.countDocuments()
  const event = { id: freshId('evt'), type: 'invoice.paid' }
  const bodies: unknown[] = [null, [], 7, 'x', event, { ...event, data: null }, { ...event, data: { object: [] } }]
  const objects = [null, { id: { $gt: '' } }, { id: 7 }]
  bodies.push(...objects.map((object) => ({ ...event, data: { object } })))
  bodies.push({ ...event, id: { $ne: null }, data: { object: {} } }, { ...event, created: 1e300, data: { object: {} } })
  for (const body of bodies) expect((await post(JSON.stringify(body))).status, JSON.stringify(body)).toBe(400)
  for (const type of ['__proto__', 'constructor', 'toString']) {
    expect((await tell(type, { id: 'in_1' })).stored).toMatchObject({ status: 'ignored' })
  }
  expect(await WebhookEventModel.countDocuments()).toBe(before + 3)
})

describe('a paid invoice of a customer of ours', () => {
  const line = (price: string, changes: object = {}) => {
    const period = { start: 1, end: 2 }
    return { amount: 1800, currency: 'usd', period, price: { id: price, unit_amount: 1800 }, ...changes }
  }

  it('a paid invoice with invalid amounts and dates grants nothing, not even in part', async () => {
    const user = await subscriber(deliveries)
    const { id: price } = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data[0]!
    const before = await stateOf(user)
    const common = { customer: user.stripeCustomerId, currency: 'usd', amount_paid: 1800, status: 'paid' }
    const odd: [changes: object, line?: object][] = [
      [{}, { amount: '1800' }],
      [{}, { amount: 1800.5 }],
      [{}, { amount: 2 ** 60 }],
      [{}, { amount: -(2 ** 60), proration: true }],
      [{}, { currency: 'eur' }],
      [{}, { period: { start: 1, end: 1e18 } }],
      [{ created: 1e15 }],
      [{ created: -1e300 }],
      [{ status_transitions: { paid_at: 1e14 } }],
      [{ customer: { $ne: null } }],
      [{ customer: [user.stripeCustomerId] }],
      [{ metadata: { userId: 7 } }],
    ]
    for (const [changes, ofLine] of odd) {
      const lines = { data: [line(price, ofLine)] }
      const { status, stored } = await tell('invoice.paid', { id: freshId('in'), ...common, lines, ...changes })
      expect(status, JSON.stringify([changes, ofLine])).toBe(500)
      expect(stored).toMatchObject({ status: 'failed' })
    }
    expect(await stateOf(user)).toEqual(before)
    expect(await auditGrants()).toMatchObject({ violations: [], unfinished: [] })
  })

  it('a paid invoice belongs to its customer’s user, whoever else it names', async () => {
    const [user, other] = [await subscriber(deliveries), await aUser()]
    const { id: price } = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data[0]!
    const named = { app: 'scrip', userId: other._id.toHexString() }
    const { stripeCustomerId: customer } = user
    const paid = { customer, currency: 'usd', amount_paid: 1800, status: 'paid', metadata: named }
    await tell('invoice.paid', { id: freshId('in'), ...paid, lines: { data: [line(price)] } })
    const session = { id: freshId('cs'), mode: 'payment', status: 'complete', payment_status: 'paid', customer }
    const metadata = { ...named, pack: '500' }
    await tell('checkout.session.completed', { ...session, client_reference_id: named.userId, metadata })
    const subscription = { id: freshId('sub'), customer, status: 'active', metadata: named }
    await tell('customer.subscription.created', { ...subscription, items: { data: [{ price }] } })

    expect(await creditsOf(user)).toBe(1000 + 2000 + 500)
    expect(await stateOf(other)).toMatchObject({ user: { subscription: null }, credits: 0, rows: [] })
    expect((await readUser(other._id)).stripeCustomerId).toBeUndefined()
    expect(await PaymentModel.countDocuments({ userId: other._id })).toBe(0)
    expect((await auditGrants()).violations).toEqual([])
  })
})

it.each(['not an id', 'abcdefghijkl', '{"$ne":null}', '', '000000000000000000000000'])(
  'a payment for the unknown user %j waits and is given to no one',
  async (userId) => {
    const accounts = await PaymentModel.countDocuments()
    const metadata = { app: 'scrip', userId, pack: '500' }
    const session = { id: freshId('cs'), mode: 'payment', status: 'complete', payment_status: 'paid', metadata }
    expect(await tell('checkout.session.completed', session)).toMatchObject({ status: 500 })
    expect(await PaymentModel.countDocuments()).toBe(accounts)
  },
)

it('an event that ends a customer or plan that Stripe still has changes nothing', async () => {
  const user = await subscriber(deliveries)
  const customer = user.stripeCustomerId!
  const before = await stateOf(user)
  await tell('customer.deleted', { id: customer })
  const items = { data: [] }
  const ended = { id: subscriptionIdOf(user), customer, status: 'canceled', items }
  await tell('customer.subscription.deleted', ended, { created: 4e9 })
  expect(await stateOf(user)).toEqual(before)
})
