import { randomUUID } from 'node:crypto'
import { afterEach, expect, it, vi } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { now } from '#app/clock.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, historyOf, post } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/*
 * Refunds and disputes of payments that Stripe does not know, with events in the worst orders.
 */

const context = useStripe()
useDatabase()
afterEach(() => vi.restoreAllMocks())

const seconds = () => Math.floor(now().getTime() / 1000)
const freshId = (prefix: string) => `${prefix}_told${randomUUID().replaceAll('-', '')}`

const anEvent = (type: string, object: object): string =>
  JSON.stringify({ id: freshId('evt'), object: 'event', created: seconds(), type, livemode: false, data: { object } })
const tell = (type: string, object: object) => post(anEvent(type, object))

interface Payment {
  user: User
  customer: string
  intent: string
  charge: string
  invoice: object
}

/** A payment of 1800 for 2000 credits, whose events are not delivered yet. */
async function aPayment(): Promise<Payment> {
  const user = await aUser()
  const [customer, intent, charge] = [freshId('cus'), freshId('pi'), freshId('ch')]
  await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: customer } })
  const [price] = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data
  const period = { start: seconds(), end: seconds() + 2_592_000 }
  const lines = { data: [{ amount: 1800, currency: 'usd', period, price: { id: price!.id, unit_amount: 1800 } }] }
  const paid = { amount_paid: 1800, currency: 'usd', status: 'paid', created: seconds() }
  return {
    user,
    customer,
    intent,
    charge,
    invoice: { id: freshId('in'), customer, payment_intent: intent, lines, ...paid },
  }
}

const refundOf = ({ charge, intent }: Payment, amount: number) => ({
  id: freshId('re'),
  amount,
  currency: 'usd',
  charge,
  payment_intent: intent,
  created: seconds(),
  status: 'succeeded',
})

const chargeOf = ({ charge: id, customer, intent }: Payment, amount_refunded: number) => ({
  id,
  customer,
  payment_intent: intent,
  amount: 1800,
  amount_refunded,
  currency: 'usd',
})

it('a refund whose event arrives before its payment’s counts, however many other events of the customer are ignored', async () => {
  const payment = await aPayment()
  const event = { type: 'charge.succeeded', status: 'ignored' as const, receivedAt: new Date(0) }
  const object = { customer: payment.customer }
  const noise = Array.from({ length: 60 }, () => ({ _id: freshId('evt'), ...event, payload: { data: { object } } }))
  await WebhookEventModel.insertMany(noise)
  await tell('charge.refunded', chargeOf(payment, 900))
  await tell('invoice.paid', payment.invoice)
  expect(await creditsOf(payment.user)).toBe(1000)
})

it('an early refund also counts if the process that counted the payment dies before looking for it', async () => {
  const payment = await aPayment()
  await tell('charge.refunded', chargeOf(payment, 900))
  // Refunds of payments that never arrive are looked at once more.
  for (let one = 0; one < 8; one++) {
    await tell('charge.refunded', { ...chargeOf(payment, 900), id: freshId('ch'), payment_intent: freshId('pi') })
  }
  const look = vi.spyOn(WebhookEventModel, 'find').mockImplementationOnce(() => {
    throw new Error('The process died')
  })
  const paid = anEvent('invoice.paid', payment.invoice)
  expect((await post(paid)).status).toBe(500)
  expect(look).toHaveBeenCalledTimes(1)
  expect((await post(paid)).status).toBe(200)
  expect(look).toHaveBeenCalledTimes(2)
  expect(await creditsOf(payment.user)).toBe(1000)
})

it('a refund whose failure arrives first takes nothing', async () => {
  const payment = await aPayment()
  await tell('invoice.paid', payment.invoice)
  const refund = refundOf(payment, 900)
  await tell('refund.failed', { ...refund, status: 'failed' })
  await tell('refund.created', refund)
  await tell('refund.updated', refund)
  expect(await creditsOf(payment.user)).toBe(2000)
  expect(await historyOf(payment.user)).toMatchObject([{ status: 'active', amountRefunded: 0 }])
})

it('a refund counted by the charge’s total and then failed restores what it took', async () => {
  const payment = await aPayment()
  await tell('invoice.paid', payment.invoice)
  const refund = refundOf(payment, 900)
  await tell('charge.refunded', chargeOf(payment, 900))
  await tell('refund.created', refund)
  expect(await creditsOf(payment.user)).toBe(1000)
  await tell('refund.failed', { ...refund, status: 'failed' })
  expect(await creditsOf(payment.user)).toBe(2000)
})

it('a second refund of a charge counts too if the first was known from the total', async () => {
  const payment = await aPayment()
  await tell('invoice.paid', payment.invoice)
  await tell('charge.refunded', chargeOf(payment, 450))
  await tell('refund.created', refundOf(payment, 450))
  const second = refundOf(payment, 900)
  await tell('refund.created', second)
  await tell('charge.refunded', chargeOf(payment, 1350))
  await tell('refund.updated', second)
  expect(await creditsOf(payment.user)).toBe(500)
})

it('refunds, a dispute and their copies together never take more than was granted', async () => {
  const payment = await aPayment()
  await tell('invoice.paid', payment.invoice)
  const { charge, intent } = payment
  const dispute = { id: freshId('du'), amount: 1800, currency: 'usd', charge, payment_intent: intent }
  for (const copy of ['first', 'second']) {
    await tell('refund.created', { ...refundOf(payment, 1200), id: `re_${charge}_a` })
    await tell('charge.refunded', chargeOf(payment, 1800))
    await tell('charge.dispute.created', { ...dispute, status: 'needs_response', note: copy })
    await tell('refund.created', { ...refundOf(payment, 600), id: `re_${charge}_b` })
    await tell('charge.dispute.closed', { ...dispute, status: 'lost' })
  }
  expect(await creditsOf(payment.user)).toBe(0)
  expect((await auditGrants()).violations).toEqual([])
})

it('a refund whose total and parts arrive at once is taken once', async () => {
  for (let round = 0; round < 4; round++) {
    const payment = await aPayment()
    await tell('invoice.paid', payment.invoice)
    const refund = refundOf(payment, 450)
    await Promise.all([
      tell('charge.refunded', chargeOf(payment, 450)),
      tell('refund.created', refund),
      tell('refund.updated', refund),
      tell('charge.refunded', chargeOf(payment, 450)),
    ])
    expect(await creditsOf(payment.user)).toBe(1500)
    expect(await historyOf(payment.user)).toMatchObject([{ amountRefunded: 450, status: 'partially_refunded' }])
  }
})

it('a refund beside a dispute that is won stays taken', async () => {
  const payment = await aPayment()
  await tell('invoice.paid', payment.invoice)
  const { charge, intent } = payment
  const dispute = { id: freshId('du'), amount: 1800, currency: 'usd', charge, payment_intent: intent }
  await tell('charge.dispute.created', { ...dispute, status: 'needs_response' })
  await tell('charge.refunded', chargeOf(payment, 900))
  await tell('charge.dispute.closed', { ...dispute, status: 'won' })
  expect(await creditsOf(payment.user)).toBe(1000)
})

it('a refund put aside at the moment its payment is counted is looked at again', async () => {
  const payment = await aPayment()
  const updateOne = WebhookEventModel.updateOne.bind(WebhookEventModel)
  let interleaved = false
  vi.spyOn(WebhookEventModel, 'updateOne').mockImplementation(((...args: Parameters<typeof updateOne>) => {
    if (interleaved || !JSON.stringify(args[1]).includes('"ignored"')) return updateOne(...args)
    interleaved = true
    return (async () => {
      await tell('invoice.paid', payment.invoice)
      return updateOne(...args)
    })()
  }) as typeof WebhookEventModel.updateOne)
  await tell('charge.refunded', chargeOf(payment, 900))
  expect(interleaved).toBe(true)
  expect(await creditsOf(payment.user)).toBe(1000)
})
