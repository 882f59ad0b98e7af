import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { sandboxAndClient } from './harness.ts'
import { START, subscribed } from './subscribed.ts'

const DAY = 86_400

const lines = (invoice: Stripe.Invoice) =>
  invoice.lines.data.map(({ amount, parent }) => [amount, parent?.subscription_item_details?.proration])

test('an immediate upgrade credits the unused time, charges the rest of the period, and matches its preview', async () => {
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

test('prorations can be deferred to the renewal or left out', async () => {
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

test('a change from monthly to yearly starts a new period, invoiced in full less the unused time', async () => {
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

test('a downgrade leaves a credit that the next invoice uses', async () => {
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

test('a change that cannot be paid is refused, pending until paid or expired, or past due', async () => {
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

test('a schedule changes the plan at period end, and releasing it keeps the subscription', async () => {
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
