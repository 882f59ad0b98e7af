import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'

const DAY = 86_400
const START = Date.UTC(2026, 3, 1) / 1000 // April has 30 days.

async function subscribed(
  sandbox: StripeSandbox,
  stripe: Stripe,
  { card = 'pm_card_visa', params = {} }: { card?: string; params?: Partial<Stripe.SubscriptionCreateParams> } = {},
) {
  const beginner = await aPlan(stripe)
  const daily = await aPlan(stripe, { name: 'Daily', month: 1800, year: 18_000 })
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START })
  const customer = await aCustomer(stripe, card, { test_clock: clock.id })
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: beginner.monthly.id }],
    ...params,
  })
  const advanceTo = async (moment: number) => {
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: moment })
    await sandbox.idle()
  }
  return { beginner, daily, customer, subscription, item: subscription.items.data[0]!.id, advanceTo }
}

const lines = (invoice: Stripe.Invoice) =>
  invoice.lines.data.map(({ amount, parent }) => [amount, parent?.subscription_item_details?.proration])

test('an upgrade at once: the unused time comes back, the rest of the period is charged, the preview said so', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { daily, subscription, item, advanceTo } = await subscribed(sandbox, stripe)
  await advanceTo(START + 13 * DAY)
  const change = {
    items: [{ id: item, price: daily.monthly.id }],
    proration_behavior: 'always_invoice' as const,
    proration_date: START + 13 * DAY,
  }
  const preview = await stripe.invoices.createPreview({ subscription: subscription.id, subscription_details: change })
  expect(preview).toMatchObject({ amount_due: 453, status: 'draft', billing_reason: 'subscription_update' })
  expect(preview.id).toMatch(/^upcoming_in_/)
  expect(lines(preview)).toEqual([
    [-567, true],
    [1020, true],
  ])
  expect((await stripe.invoices.list({ subscription: subscription.id })).data).toHaveLength(1)
  expect(sandbox.events('invoiceitem.*')).toHaveLength(0)

  const changed = await stripe.subscriptions.update(subscription.id, { ...change, expand: ['latest_invoice'] })
  const invoice = changed.latest_invoice as Stripe.Invoice
  expect(invoice).toMatchObject({
    amount_paid: 453,
    status: 'paid',
    billing_reason: 'subscription_update',
    parent: { subscription_details: { subscription_proration_date: START + 13 * DAY } },
  })
  expect(lines(invoice)).toEqual(lines(preview))
  expect(invoice.lines.data.map(({ description }) => description)).toEqual([
    'Unused time on Beginner after 14 Apr 2026',
    'Remaining time on Daily after 14 Apr 2026',
  ])
  expect(changed.items.data[0]).toMatchObject({
    id: item,
    price: { id: daily.monthly.id },
    current_period_end: START + 30 * DAY,
  })
  const [updated] = sandbox.events('customer.subscription.updated').slice(-1)
  expect(updated!.data.previous_attributes).toMatchObject({ items: { data: [{ price: { unit_amount: 1000 } }] } })
})

test('prorations can wait for the renewal, or not be made at all', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { daily, subscription, item, customer, advanceTo } = await subscribed(sandbox, stripe)
  await advanceTo(START + 15 * DAY)
  await stripe.subscriptions.update(subscription.id, { items: [{ id: item, quantity: 3 }] })
  expect(
    (await stripe.invoiceItems.list({ customer: customer.id, pending: true })).data.map(({ amount }) => amount).sort(),
  ).toEqual([-500, 1500])
  const next = await stripe.invoices.createPreview({ subscription: subscription.id })
  expect(next).toMatchObject({ total: 4000, billing_reason: 'subscription_cycle' })
  await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: daily.monthly.id, quantity: 1 }],
    proration_behavior: 'none',
  })
  await advanceTo(START + 30 * DAY + 2 * 3600)
  const [renewal] = (await stripe.invoices.list({ subscription: subscription.id, limit: 1 })).data
  expect(renewal).toMatchObject({ status: 'paid', total: 2800 })
  expect((await stripe.invoiceItems.list({ customer: customer.id, pending: true })).data).toHaveLength(0)
})

test('from monthly to yearly: a new period begins now and is invoiced in full, less the unused time', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { beginner, subscription, item, advanceTo } = await subscribed(sandbox, stripe)
  await advanceTo(START + 15 * DAY)
  const changed = await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: beginner.yearly.id }],
    expand: ['latest_invoice'],
  })
  expect(changed.billing_cycle_anchor).toBe(START + 15 * DAY)
  expect(changed.items.data[0]).toMatchObject({
    current_period_start: START + 15 * DAY,
    current_period_end: Date.UTC(2027, 3, 16) / 1000,
  })
  expect(lines(changed.latest_invoice as Stripe.Invoice)).toEqual([
    [-500, true],
    [10_000, false],
  ])
})

test('a downgrade becomes credit that the next invoice uses up', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { beginner, daily, subscription, item, customer, advanceTo } = await subscribed(sandbox, stripe)
  await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: daily.monthly.id }],
    proration_behavior: 'always_invoice',
  })
  await advanceTo(START + 15 * DAY)
  await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, price: beginner.monthly.id }],
    proration_behavior: 'always_invoice',
  })
  const [credit] = (await stripe.invoices.list({ subscription: subscription.id, limit: 1 })).data
  expect(credit).toMatchObject({
    total: -400,
    amount_due: 0,
    status: 'paid',
    starting_balance: 0,
    ending_balance: -400,
  })
  expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -400 })
  await advanceTo(START + 30 * DAY + 2 * 3600)
  const [renewal] = (await stripe.invoices.list({ subscription: subscription.id, limit: 1 })).data
  expect(renewal).toMatchObject({
    total: 1000,
    amount_due: 600,
    amount_paid: 600,
    starting_balance: -400,
    ending_balance: 0,
  })
  expect((await stripe.customers.listBalanceTransactions(customer.id)).data.map(({ amount }) => amount)).toEqual([
    400, -400,
  ])
})

test('a change that cannot be paid: refused, put behind, or waiting for its payment', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { daily, subscription, item, customer, advanceTo } = await subscribed(sandbox, stripe)
  const failing = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id })
  const update = (payment_behavior: Stripe.SubscriptionUpdateParams.PaymentBehavior) =>
    stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, price: daily.monthly.id }],
      proration_behavior: 'always_invoice',
      payment_behavior,
    })
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: failing.id } })

  await expect(update('error_if_incomplete')).rejects.toMatchObject({ statusCode: 402, code: 'card_declined' })
  expect((await stripe.subscriptions.retrieve(subscription.id)).items.data[0]!.price.unit_amount).toBe(1000)

  const pending = await update('pending_if_incomplete')
  expect(pending).toMatchObject({
    status: 'active',
    pending_update: { subscription_items: [{ price: { unit_amount: 1800 } }] },
  })
  expect(pending.items.data[0]!.price.unit_amount).toBe(1000)
  await stripe.invoices.pay(pending.latest_invoice as string, { payment_method: 'pm_card_visa' })
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    pending_update: null,
    items: { data: [{ price: { unit_amount: 1800 } }] },
  })

  const back = await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item, quantity: 2 }],
    proration_behavior: 'always_invoice',
    payment_behavior: 'pending_if_incomplete',
  })
  await advanceTo(START + DAY)
  expect(await stripe.subscriptions.retrieve(subscription.id)).toMatchObject({
    pending_update: null,
    items: { data: [{ quantity: 1 }] },
  })
  expect((await stripe.invoices.retrieve(back.latest_invoice as string)).status).toBe('void')
  expect(sandbox.events('customer.subscription.pending_update_expired')).toHaveLength(1)

  expect(
    await stripe.subscriptions.update(subscription.id, {
      items: [{ id: item, quantity: 2 }],
      proration_behavior: 'always_invoice',
    }),
  ).toMatchObject({ status: 'past_due', items: { data: [{ quantity: 2 }] } })
})

test('a schedule changes the plan at the period end; released, the subscription stays as it is', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { beginner, daily, subscription, advanceTo } = await subscribed(sandbox, stripe)
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id })
  const [phase] = schedule.phases
  expect(phase).toMatchObject({
    start_date: START,
    end_date: START + 30 * DAY,
    items: [{ price: beginner.monthly.id }],
  })
  expect((await stripe.subscriptions.retrieve(subscription.id)).schedule).toBe(schedule.id)
  await stripe.subscriptionSchedules.update(schedule.id, {
    end_behavior: 'release',
    phases: [
      {
        items: [{ price: beginner.monthly.id, quantity: 1 }],
        start_date: phase!.start_date,
        end_date: phase!.end_date,
      },
      { items: [{ price: daily.yearly.id, quantity: 1 }], duration: { interval: 'year' } },
    ],
  })
  await advanceTo(START + 30 * DAY + 2 * 3600)
  const changed = await stripe.subscriptions.retrieve(subscription.id, { expand: ['latest_invoice'] })
  expect(changed).toMatchObject({
    items: {
      data: [
        {
          price: { id: daily.yearly.id },
          current_period_start: START + 30 * DAY,
          current_period_end: Date.UTC(2027, 4, 1) / 1000,
        },
      ],
    },
    latest_invoice: { total: 18_000, status: 'paid', billing_reason: 'subscription_cycle' },
  })
  const released = await stripe.subscriptionSchedules.release(schedule.id)
  expect(released).toMatchObject({ status: 'released', subscription: null, released_subscription: subscription.id })
  expect((await stripe.subscriptions.retrieve(subscription.id)).schedule).toBeNull()
  await expect(stripe.subscriptionSchedules.release(schedule.id)).rejects.toThrow(/released/)
})

test('coupons: once, for some months, for ever; in money; promotion codes have their limits', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'repeating', duration_in_months: 2 })
  await stripe.coupons.create({ id: 'three', amount_off: 300, currency: 'usd', duration: 'once' })
  const { subscription, advanceTo } = await subscribed(sandbox, stripe, { params: { discounts: [{ coupon: 'half' }] } })
  const totals = async () =>
    (await stripe.invoices.list({ subscription: subscription.id })).data.map(({ total }) => total)
  await advanceTo(START + 45 * DAY)
  await advanceTo(START + 63 * DAY)
  await advanceTo(START + 95 * DAY)
  expect(await totals()).toEqual([1000, 1000, 500, 500])
  const code = await stripe.promotionCodes.create({
    promotion: { type: 'coupon', coupon: 'three' },
    code: 'WELCOME',
    max_redemptions: 1,
  })
  const { beginner } = { beginner: await aPlan(stripe, { name: 'Solo' }) }
  const buy = async () => {
    const session = await stripe.checkout.sessions.create({
      mode: 'subscription',
      line_items: [{ price: beginner.monthly.id, quantity: 1 }],
      discounts: [{ promotion_code: code.id }],
      success_url: 'http://localhost/',
    })
    expect(session).toMatchObject({ amount_subtotal: 1000, amount_total: 700, total_details: { amount_discount: 300 } })
    return sandbox.completeCheckout(session.id)
  }
  const bought = await buy()
  const invoice = await stripe.invoices.retrieve(bought.invoice as string)
  expect(invoice).toMatchObject({
    subtotal: 1000,
    total: 700,
    amount_paid: 700,
    total_discount_amounts: [{ amount: 300 }],
    lines: { data: [{ amount: 1000, discount_amounts: [{ amount: 300 }] }] },
  })
  await expect(buy()).rejects.toThrow(/not active/)
})

test('currencies and tax: yen have no cents, tax comes on top or is inside', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const yen = await aPlan(stripe, { name: 'Yen', month: 1500, currency: 'jpy' })
  const customer = await aCustomer(stripe)
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: yen.monthly.id }],
    expand: ['latest_invoice'],
  })
  expect(subscription).toMatchObject({
    currency: 'jpy',
    latest_invoice: { amount_paid: 1500, lines: { data: [{ description: '1 × Yen (at ¥1,500 / month)' }] } },
  })

  const euro = await aPlan(stripe, { name: 'Euro', month: 1000, currency: 'eur' })
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    line_items: [{ price: euro.monthly.id, quantity: 2 }],
    automatic_tax: { enabled: true },
    success_url: 'http://localhost/',
  })
  const done = sandbox.completeCheckout(session.id, { address: { country: 'DE' } })
  expect(done).toMatchObject({ amount_subtotal: 2000, amount_total: 2380, total_details: { amount_tax: 380 } })
  expect(await stripe.invoices.retrieve(done.invoice as string)).toMatchObject({
    subtotal: 2000,
    total: 2380,
    total_excluding_tax: 2000,
    total_taxes: [{ amount: 380, tax_behavior: 'exclusive' }],
    lines: { data: [{ amount: 2000, taxes: [{ amount: 380 }] }] },
  })

  const within = await stripe.prices.create({
    product: euro.product.id,
    currency: 'eur',
    unit_amount: 1190,
    tax_behavior: 'inclusive',
  })
  const pack = await stripe.checkout.sessions.create({
    mode: 'payment',
    line_items: [{ price: within.id, quantity: 1 }],
    automatic_tax: { enabled: true },
    success_url: 'http://localhost/',
  })
  expect(sandbox.completeCheckout(pack.id, { address: { country: 'DE' } })).toMatchObject({
    amount_total: 1190,
    total_details: { amount_tax: 190 },
  })
})
