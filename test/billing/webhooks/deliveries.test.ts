import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { setNow } from '#app/clock.server.ts'
import { logger } from '#app/log.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { dispute } from '#test/billing/bank.ts'
import { advance, follow } from '#test/billing/clock.ts'
import { subscriber, subscriptionIdOf } from '#test/billing/customers.ts'
import {
  aUser,
  creditsOf,
  Deliveries,
  historyOf,
  post,
  readUser,
  sessionIdOf,
  signatureOf,
  type PostedEvent,
} from '#test/billing/scenario.ts'
import { useStripe, WEBHOOK_SECRET } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { postAll, postGood } from '../event-versions.ts'

const context = useStripe()
useDatabase()
const line = new Deliveries(context)
afterEach(() => setNow(null))

const counts = async () => ({
  rows: await BillingHistoryModel.countDocuments(),
  payments: await PaymentModel.countDocuments(),
  accounts: await CreditAccountModel.countDocuments(),
  linked: await UserModel.countDocuments({ stripeCustomerId: { $type: 'string' } }),
})

/** A customer of another shop on the same Stripe account: a plan, a payment, a refund. */
async function lifeOfAStranger(): Promise<void> {
  const { stripe } = context
  const customer = await stripe.customers.create({
    email: 'stranger@example.com',
    metadata: { app: 'another', userId: 'x' },
  })
  await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  const [card] = (await stripe.paymentMethods.list({ customer: customer.id })).data
  const product = await stripe.products.create({ name: 'Another shop’s plan' })
  const price = await stripe.prices.create({
    product: product.id,
    unit_amount: 900,
    currency: 'usd',
    recurring: { interval: 'month' },
  })
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: price.id }],
    default_payment_method: card!.id,
  })
  const once = await stripe.prices.create({ product: product.id, unit_amount: 300, currency: 'usd' })
  const session = await stripe.checkout.sessions.create({
    mode: 'payment',
    customer: customer.id,
    line_items: [{ price: once.id, quantity: 1 }],
    success_url: 'https://another.example',
  })
  context.sandbox.completeCheckout(session.id)
  const charges = (await stripe.charges.list({ customer: customer.id })).data
  await stripe.refunds.create({ charge: charges[0]!.id, amount: 100 })
  dispute(context, charges[1]!.id)
  await stripe.subscriptions.cancel(subscription.id)
  await stripe.customers.del(customer.id)
}

describe('events that are not ours', () => {
  it('every event of a stranger is answered with 200 and stored as ignored, and writes nothing else (1.2)', async () => {
    line.take()
    const before = await counts()
    await lifeOfAStranger()
    const events = line.take()
    for (const family of [
      'charge.refunded',
      'charge.dispute.created',
      'checkout.session.completed',
      'customer.deleted',
    ])
      expect(events.map(({ type }) => type)).toContain(family)
    await postGood(events)
    expect(await counts()).toEqual(before)
    const stored = await WebhookEventModel.find({ _id: { $in: events.map(({ id }) => id) } }).lean()
    expect(new Set(stored.map(({ status }) => status))).toEqual(new Set(['ignored']))
    expect(stored.filter(({ outcome }) => !outcome)).toEqual([])
  })

  it('an event of the other mode, of a connected account or of an unknown type is answered with 200 and touches none of ours (1.2)', async () => {
    const user = await subscriber(line)
    const [paid] = context.sandbox.events('invoice.paid').slice(-1) as unknown as PostedEvent[]
    await BillingHistoryModel.deleteMany({ userId: user._id })
    await postGood([
      { ...paid!, id: 'evt_live', livemode: true },
      { ...paid!, id: 'evt_connect', account: 'acct_1' },
      { ...paid!, id: 'evt_invented', type: 'invoice.invented' },
      { ...paid!, id: 'evt_prototype', type: 'constructor' },
    ])
    expect(await historyOf(user)).toEqual([])
    await postGood([{ ...paid!, id: 'evt_ours' }])
    expect(await historyOf(user)).toHaveLength(1)
    const ids = ['evt_live', 'evt_connect', 'evt_invented', 'evt_prototype', 'evt_ours']
    const stored = await WebhookEventModel.find({ _id: { $in: ids } }).lean()
    expect(Object.fromEntries(stored.map(({ _id, status }) => [_id, status]))).toEqual({
      evt_live: 'ignored',
      evt_connect: 'ignored',
      evt_invented: 'ignored',
      evt_prototype: 'ignored',
      evt_ours: 'processed',
    })
  })

  it('another shop’s plan for a customer of ours is no plan of ours, nor a second one (1.2)', async () => {
    const user = await subscriber(line)
    const product = await context.stripe.products.create({ name: 'Another shop’s plan' })
    const price = await context.stripe.prices.create({
      product: product.id,
      unit_amount: 900,
      currency: 'usd',
      recurring: { interval: 'month' },
    })
    const { default_payment_method: card } = await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
    const foreign = await context.stripe.subscriptions.create({
      customer: user.stripeCustomerId!,
      items: [{ price: price.id }],
      default_payment_method: card as string,
    })
    await postGood(line.take())
    expect((await context.stripe.subscriptions.retrieve(foreign.id)).status).toBe('active')
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(1000)
  })
})

const anEvent = () =>
  JSON.stringify({
    id: `evt_${randomUUID()}`,
    type: 'plan.created',
    livemode: false,
    data: { object: { id: 'plan_1' } },
  })

describe('a rotation of the webhook secret', () => {
  afterEach(() => {
    process.env.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    resetConfig()
  })
  const secrets = (list: string) => {
    process.env.STRIPE_WEBHOOK_SECRET = list
    resetConfig()
  }
  const NEW = 'whsec_new_0123456789'

  it('both webhook secrets are accepted during a rotation, and the old one is refused afterwards (1.3, H43)', async () => {
    secrets(`${NEW},${WEBHOOK_SECRET}`)
    const [a, b, c, d] = [anEvent(), anEvent(), anEvent(), anEvent()]
    const signedBy = (body: string, secret: string) => signatureOf(body, { secret })
    const both = (body: string, one: string, other: string) => {
      const [time, first] = signedBy(body, one).split(',')
      return `${time},${first},${signedBy(body, other).split(',')[1]}`
    }
    expect((await post(a, signedBy(a, NEW))).status).toBe(200)
    expect((await post(b, signedBy(b, WEBHOOK_SECRET))).status).toBe(200)
    expect((await post(c, both(c, NEW, WEBHOOK_SECRET))).status).toBe(200)
    expect((await post(d, both(d, WEBHOOK_SECRET, NEW))).status).toBe(200)
    secrets(NEW)
    const [e, f] = [anEvent(), anEvent()]
    expect((await post(e, signedBy(e, WEBHOOK_SECRET))).status).toBe(400)
    expect((await post(f, both(f, WEBHOOK_SECRET, NEW))).status).toBe(200)
  })
})

describe('a replayed delivery', () => {
  it('a replayed delivery is accepted within five minutes and refused afterwards (1.4)', async () => {
    const [young, old] = [anEvent(), anEvent()]
    // Half a minute of tolerance for a slow machine; test/billing/webhooks/webhook.test.ts has 301 seconds.
    expect((await post(young, signatureOf(young, { secondsAgo: 270 }))).status).toBe(200)
    const warned = vi.spyOn(logger, 'warn')
    expect((await post(old, signatureOf(old, { secondsAgo: 301 }))).status).toBe(400)
    expect(warned).toHaveBeenCalledWith(expect.stringContaining("this machine's clock is wrong"))
    warned.mockRestore()
    expect((await post(old, signatureOf(old, { secondsAgo: 86_400 }))).status).toBe(400)
  })
})

describe('payments by other routes', () => {
  it('an invoice paid by bank transfer sends one type of event, and grants its credits once (1.6)', async () => {
    const user = await subscriber(line)
    const { stripe } = context
    const bill = await stripe.subscriptions.update(user.subscription!.stripeSubscriptionId!, {
      collection_method: 'send_invoice',
      days_until_due: 30,
    })
    advance(context, 32)
    const { data } = await stripe.invoices.list({ subscription: bill.id, status: 'open' })
    line.take()
    expect(await creditsOf(user)).toBe(1000)
    await stripe.invoices.pay(data[0]!.id, { paid_out_of_band: true })
    const paid = line.take()
    // Not every kind of payment is reported as `payment_succeeded`.
    await postGood(paid.filter(({ type }) => type !== 'invoice.payment_succeeded'))
    expect(await creditsOf(user)).toBe(2000)
    await postGood(paid)
    await postAll(paid.map((event) => ({ ...event, id: `${event.id}_again` })))
    expect(await creditsOf(user)).toBe(2000)
    expect(await historyOf(user)).toHaveLength(2)
  })

  it.each([
    ['paid', 'payment_succeeded'],
    ['payment_succeeded', 'paid'],
  ])('a payment that sends invoice.%s, then invoice.%s grants its credits once (1.6)', async (...types) => {
    follow(context)
    const user = await aUser()
    await line.buy({ user, plan: 'Beginner', interval: 'month' })
    const events = line.take()
    for (const type of types) {
      await postGood(events.filter((event) => event.type === `invoice.${type}`))
      expect(await creditsOf(user)).toBe(1000)
    }
  })
})

describe('a customer who does not return from Stripe’s page', () => {
  it('a payment grants its credits even if the customer does not return from Stripe’s page (4.12)', async () => {
    follow(context)
    const user = await aUser()
    const { url } = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
    context.sandbox.completeCheckout(sessionIdOf(url))
    await postGood(line.take())
    expect(await creditsOf(user)).toBe(2000)
  })
})
