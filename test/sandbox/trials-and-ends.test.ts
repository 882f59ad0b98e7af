import { expect, test } from 'vitest'
import { aPlan, sandboxAndClient } from './harness.ts'
import { START, at, onClock, useCard } from './on-clock.ts'

const DAY = 86_400

test('a trial is announced three days before its end and then charged, and without a card paused or ended', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { clock, customer, advance } = await onClock(sandbox, stripe)
  const trial = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: monthly.id }],
    trial_period_days: 14,
    expand: ['latest_invoice'],
  })
  expect(trial).toMatchObject({
    status: 'trialing',
    trial_end: START + 14 * DAY,
    latest_invoice: {
      status: 'paid',
      amount_due: 0,
      lines: { data: [{ amount: 0, description: 'Trial period for Beginner' }] },
    },
  })
  const bare = await stripe.customers.create({ test_clock: clock.id })
  const without = (missing_payment_method: 'pause' | 'cancel') =>
    stripe.subscriptions.create({
      customer: bare.id,
      items: [{ price: monthly.id }],
      trial_period_days: 14,
      trial_settings: { end_behavior: { missing_payment_method } },
    })
  const pausing = await without('pause')
  const ending = await without('cancel')
  await advance('2026-02-11T13:00:00')
  expect(sandbox.events('customer.subscription.trial_will_end')).toHaveLength(3)
  await advance('2026-02-14T14:00:00')
  expect(await stripe.subscriptions.retrieve(trial.id, { expand: ['latest_invoice'] })).toMatchObject({
    status: 'active',
    billing_cycle_anchor: START + 14 * DAY,
    latest_invoice: { status: 'paid', amount_paid: 1000, billing_reason: 'subscription_cycle' },
  })
  expect((await stripe.subscriptions.retrieve(pausing.id)).status).toBe('paused')
  expect((await stripe.subscriptions.retrieve(ending.id)).status).toBe('canceled')
  await useCard(stripe, bare.id, 'pm_card_visa')
  expect(await stripe.subscriptions.resume(pausing.id)).toMatchObject({ status: 'active' })
  expect(sandbox.events('customer.subscription.resumed')).toHaveLength(1)
})

test('a cancellation takes effect at period end, at once or at a date, can be undone, and can be prorated', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const { customer, advance } = await onClock(sandbox, stripe)
  const create = () => stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  const leaving = await create()
  const later = await stripe.subscriptions.update(leaving.id, { cancel_at_period_end: true })
  expect(later).toMatchObject({
    status: 'active',
    cancel_at_period_end: true,
    cancel_at: leaving.items.data[0]!.current_period_end,
    canceled_at: START,
    cancellation_details: { reason: 'cancellation_requested' },
  })
  const undone = await stripe.subscriptions.update(leaving.id, { cancel_at_period_end: false })
  expect(undone).toMatchObject({ cancel_at_period_end: false, cancel_at: null, canceled_at: null })
  await stripe.subscriptions.update(leaving.id, { cancel_at_period_end: true })
  const now = await create()
  expect(
    await stripe.subscriptions.cancel(now.id, {
      cancellation_details: { feedback: 'too_expensive', comment: 'Later maybe' },
    }),
  ).toMatchObject({
    status: 'canceled',
    ended_at: START,
    cancellation_details: { reason: 'cancellation_requested', feedback: 'too_expensive' },
  })
  const dated = await create()
  await stripe.subscriptions.update(dated.id, { cancel_at: START + 5 * DAY })
  const credited = await create()
  await advance('2026-02-14T12:00:00')
  expect((await stripe.subscriptions.retrieve(dated.id)).ended_at).toBe(START + 5 * DAY)
  await stripe.subscriptions.cancel(credited.id, { prorate: true, invoice_now: true })
  expect((await stripe.invoices.list({ subscription: credited.id, limit: 1 })).data[0]).toMatchObject({
    total: -500,
    amount_due: 0,
    status: 'paid',
  })
  expect(await stripe.customers.retrieve(customer.id)).toMatchObject({ balance: -500 })
  await advance('2026-03-01T00:00:00')
  expect(await stripe.subscriptions.retrieve(leaving.id)).toMatchObject({
    status: 'canceled',
    ended_at: at('2026-02-28T12:00:00'),
  })
  await expect(stripe.subscriptions.cancel(leaving.id)).rejects.toMatchObject({
    code: 'resource_missing',
    statusCode: 404,
  })
  expect((await stripe.subscriptions.list({ customer: customer.id })).data).toHaveLength(0)
  expect((await stripe.subscriptions.list({ customer: customer.id, status: 'all' })).data).toHaveLength(4)
})
