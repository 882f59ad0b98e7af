import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'
import { START, at, onClock, useCard } from './on-clock.ts'

const types = (sandbox: StripeSandbox, from: number) =>
  sandbox
    .events()
    .slice(from)
    .map(({ type }) => type)

test('a renewal moves the period on from its anchor, stays a draft for an hour, and is paid', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { customer, advance } = await onClock(sandbox, stripe)
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  expect(subscription).toMatchObject({ status: 'active', billing_cycle_anchor: START })
  expect(subscription.items.data[0]!.current_period_end).toBe(at('2026-02-28T12:00:00'))
  const before = sandbox.events().length
  await advance('2026-02-28T12:30:00')
  const draft = (await stripe.invoices.list({ subscription: subscription.id, limit: 1 })).data[0]!
  expect(draft).toMatchObject({
    status: 'draft',
    billing_reason: 'subscription_cycle',
    amount_due: 1000,
    automatically_finalizes_at: at('2026-02-28T13:00:00'),
  })
  await advance('2026-02-28T14:00:00')
  expect(await stripe.invoices.retrieve(draft.id)).toMatchObject({
    status: 'paid',
    attempt_count: 1,
    number: expect.stringMatching(/-0002$/) as string,
    period_start: START,
  })
  expect(types(sandbox, before).filter((type) => !type.startsWith('test_helpers'))).toEqual([
    'invoice.upcoming',
    'customer.subscription.updated',
    'invoice.created',
    'invoice.finalized',
    'payment_intent.created',
    'charge.succeeded',
    'payment_intent.succeeded',
    'invoice.updated',
    'invoice.paid',
    'invoice.payment_succeeded',
    'invoice_payment.paid',
  ])
  const [renewed] = sandbox.events('customer.subscription.updated').slice(-1)
  expect(Object.keys(renewed!.data.previous_attributes!).sort()).toEqual(['items', 'latest_invoice'])
  expect(renewed!.created).toBe(at('2026-02-28T12:00:00'))
  // The anchor on the 31st is kept.
  await advance('2026-04-10T00:00:00')
  expect((await stripe.subscriptions.retrieve(subscription.id)).items.data[0]).toMatchObject({
    current_period_start: at('2026-03-31T12:00:00'),
    current_period_end: at('2026-04-30T12:00:00'),
  })
})

test('a test clock only goes forward, by two intervals at most, and lists keep its objects apart', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { clock, customer } = await onClock(sandbox, stripe)
  await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  await expect(stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: START - 1 })).rejects.toThrow(
    /after the clock/,
  )
  await expect(
    stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: at('2026-05-01T00:00:00') }),
  ).rejects.toThrow(/two intervals/)
  expect((await stripe.subscriptions.list()).data).toHaveLength(0)
  expect((await stripe.subscriptions.list({ customer: customer.id })).data).toHaveLength(1)
  expect((await stripe.customers.list()).data).toHaveLength(0)
})

test('an unpaid renewal is past due, retried after 3, 5 and 7 days, then canceled, unless a new card pays', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { customer, advance } = await onClock(sandbox, stripe)
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  await useCard(stripe, customer.id, 'pm_card_chargeCustomerFail')
  await advance('2026-02-28T14:00:00')
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('past_due')
  const invoice = () => stripe.invoices.list({ subscription: subscription.id, limit: 1 }).then(({ data }) => data[0]!)
  expect(await invoice()).toMatchObject({
    status: 'open',
    attempt_count: 1,
    next_payment_attempt: at('2026-03-03T13:00:00'),
  })
  expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ delinquent: true })
  await advance('2026-03-03T14:00:00')
  expect(await invoice()).toMatchObject({ attempt_count: 2, next_payment_attempt: at('2026-03-08T13:00:00') })
  await useCard(stripe, customer.id, 'pm_card_visa')
  await advance('2026-03-08T14:00:00')
  expect(await invoice()).toMatchObject({ status: 'paid', attempt_count: 3 })
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active')
  expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ delinquent: false })

  await useCard(stripe, customer.id, 'pm_card_chargeCustomerFail')
  await advance('2026-04-20T00:00:00')
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    status: 'canceled',
    cancellation_details: { reason: 'payment_failed' },
  })
  expect(await invoice()).toMatchObject({
    status: 'open',
    attempt_count: 4,
    next_payment_attempt: null,
    auto_advance: false,
  })
  expect(sandbox.events('invoice.payment_failed')).toHaveLength(6)
  expect(sandbox.events('customer.subscription.deleted')).toHaveLength(1)
})

test('the settings decide after the last retry: unpaid, and the latest invoice restores it', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  sandbox.world.run(() => sandbox.world.tables.settings.update('settings', { afterLastRetry: 'unpaid' }))
  const { monthly } = await aPlan(stripe)
  const { customer, advance } = await onClock(sandbox, stripe)
  const subscription = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  await useCard(stripe, customer.id, 'pm_card_chargeCustomerFail')
  await advance('2026-03-20T00:00:00')
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('unpaid')
  await stripe.invoices.pay((await stripe.subscriptions.retrieve(subscription.id)).latest_invoice as string, {
    payment_method: 'pm_card_visa',
  })
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('active')
})

test('a failed first payment leaves the subscription incomplete, and after 23 hours expired', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { customer, advance } = await onClock(sandbox, stripe, 'pm_card_chargeCustomerFail')
  const create = (params: Partial<Stripe.SubscriptionCreateParams> = {}) =>
    stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }], ...params })
  await expect(create({ payment_behavior: 'error_if_incomplete' })).rejects.toMatchObject({
    type: 'StripeCardError',
    statusCode: 402,
  })
  expect((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data).toHaveLength(0)
  const subscription = await create()
  expect(subscription.status).toBe('incomplete')
  await advance('2026-02-01T11:30:00')
  expect((await stripe.subscriptions.retrieve(subscription.id)).status).toBe('incomplete_expired')
  expect((await stripe.invoices.retrieve(subscription.latest_invoice as string)).status).toBe('void')
})

test('default_incomplete waits for the intent to be confirmed, and a card may require authentication', async () => {
  const { stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await stripe.customers.create({ email: 'ada@example.com' })
  await expect(
    stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] }),
  ).rejects.toMatchObject({ code: 'resource_missing' })
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: monthly.id }],
    payment_behavior: 'default_incomplete',
    payment_settings: { save_default_payment_method: 'on_subscription' },
    expand: ['latest_invoice.confirmation_secret'],
  })
  expect(subscription.status).toBe('incomplete')
  const secret = (subscription.latest_invoice as Stripe.Invoice).confirmation_secret!.client_secret
  const intent = await stripe.paymentIntents.confirm(secret.split('_secret_')[0]!, { payment_method: 'pm_card_visa' })
  expect(intent.status).toBe('succeeded')
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    status: 'active',
    default_payment_method: intent.payment_method,
  })

  const asked = await aCustomer(stripe, 'pm_card_authenticationRequired')
  const waiting = await stripe.subscriptions.create({ customer: asked.id, items: [{ price: monthly.id }] })
  expect(waiting.status).toBe('incomplete')
  const { data } = await stripe.invoicePayments.list({
    invoice: waiting.latest_invoice as string,
    expand: ['data.payment.payment_intent'],
  })
  expect(data[0]).toMatchObject({
    payment: { payment_intent: { status: 'requires_action', next_action: { type: 'redirect_to_url' } } },
  })
})
