import { randomUUID } from 'node:crypto'
import { beforeEach, expect, it } from 'vitest'
import { trimEvents } from '#app/billing/webhooks/trim-events.server.ts'
import { now } from '#app/clock.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, post } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/*
 * Payments that Stripe does not know: only the stored events have the data with which later events are compared.
 */

const context = useStripe()
useDatabase()
beforeEach(() => WebhookEventModel.deleteMany({}))

const DAY_MS = 86_400_000
const seconds = () => Math.floor(now().getTime() / 1000)
const freshId = (prefix: string) => `${prefix}_trim${randomUUID().replaceAll('-', '')}`

const anEvent = (type: string, object: object): string =>
  JSON.stringify({ id: freshId('evt'), object: 'event', created: seconds(), type, livemode: false, data: { object } })
const tell = async (type: string, object: object) => (await post(anEvent(type, object))).status

/** Makes every stored event older. */
const age = (days: number) =>
  WebhookEventModel.updateMany({}, { $set: { receivedAt: new Date(now().getTime() - days * DAY_MS) } })

async function aPaidInvoice() {
  const user = await aUser()
  const customer = freshId('cus')
  await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: customer } })
  const [price] = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data
  const period = { start: seconds(), end: seconds() + 30 * 86_400 }
  const lines = { data: [{ amount: 1800, currency: 'usd', period, price: { id: price!.id, unit_amount: 1800 } }] }
  const paid = { amount_paid: 1800, currency: 'usd', status: 'paid', created: seconds(), billing_reason: 'manual' }
  const personal = { customer_name: 'Ada Lovelace', customer_email: 'ada@example.com' }
  const payment = { charge: freshId('ch'), payment_intent: freshId('pi') }
  return {
    user,
    payment,
    event: anEvent('invoice.paid', { id: freshId('in'), customer, lines, ...payment, ...paid, ...personal }),
  }
}

it('the personal data of an old event is removed, and a repeated event is still recognized', async () => {
  const { user, event } = await aPaidInvoice()
  expect((await post(event)).status).toBe(200)
  const credits = await creditsOf(user)
  expect(await trimEvents(90)).toBe(0)
  await age(91)
  expect(await trimEvents(90)).toBe(1)
  expect(await trimEvents(90)).toBe(0)

  const stored = await WebhookEventModel.findOne({}).lean()
  expect(JSON.stringify(stored)).not.toMatch(/Ada|ada@/)
  expect(stored).toMatchObject({ status: 'processed', type: 'invoice.paid', payload: { type: 'invoice.paid' } })
  expect((await post(event)).status).toBe(200)
  expect(await creditsOf(user)).toBe(credits)
  expect(await WebhookEventModel.countDocuments({})).toBe(1)
})

it('failed events keep their personal data, since they may still be processed', async () => {
  const { event } = await aPaidInvoice()
  await post(event)
  for (const status of ['received', 'failed', 'dead']) {
    await WebhookEventModel.updateMany({}, { $set: { status } })
    await age(400)
    expect(await trimEvents(90), status).toBe(0)
  }
  expect(JSON.stringify(await WebhookEventModel.findOne({}).lean())).toContain('Ada Lovelace')
})

it('two processes that trim at once trim each event once', async () => {
  for (let one = 0; one < 5; one++) await tell('charge.succeeded', { id: freshId('ch'), customer: freshId('cus') })
  await age(91)
  const [first, second] = await Promise.all([trimEvents(90), trimEvents(90)])
  expect(first + second).toBe(5)
})

it('a refund whose failure was trimmed still takes nothing', async () => {
  const { user, payment, event } = await aPaidInvoice()
  await post(event)
  const credits = await creditsOf(user)
  const refund = { id: freshId('re'), amount: 900, currency: 'usd', created: seconds(), ...payment }
  await tell('refund.failed', { ...refund, status: 'failed' })
  await age(91)
  expect(await trimEvents(90)).toBe(2)
  await tell('refund.created', { ...refund, status: 'succeeded' })
  expect(await creditsOf(user)).toBe(credits)
})

it('a dispute whose end was trimmed freezes nothing', async () => {
  const { user, payment, event } = await aPaidInvoice()
  await post(event)
  const credits = await creditsOf(user)
  const dispute = { id: freshId('du'), amount: 1800, currency: 'usd', created: seconds(), ...payment }
  await tell('charge.dispute.closed', { ...dispute, status: 'won' })
  await age(91)
  await trimEvents(90)
  await tell('charge.dispute.created', { ...dispute, status: 'needs_response' })
  expect(await creditsOf(user)).toBe(credits)
})
