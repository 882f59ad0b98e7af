import { expect, test } from 'vitest'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'

const DAY = 86_400

test('a paused collection voids invoices until it is resumed', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await aCustomer(stripe, 'pm_card_visa')
  const { id } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })

  await stripe.subscriptions.update(id, { pause_collection: { behavior: 'void' } })
  sandbox.advance(32 * DAY)

  const latest = async () => (await stripe.invoices.list({ subscription: id, limit: 1 })).data[0]
  expect(await latest()).toMatchObject({ status: 'void', billing_reason: 'subscription_cycle' })
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')

  await stripe.subscriptions.update(id, { pause_collection: '' })
  sandbox.advance(31 * DAY)

  expect(await latest()).toMatchObject({ status: 'paid', amount_paid: 1000 })
})

test('a trial that ends without a card pauses the subscription, and a card and a resume start it', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await stripe.customers.create({ email: 'ada@example.com' })
  const { id } = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: monthly.id }],
    trial_period_days: 7,
    trial_settings: { end_behavior: { missing_payment_method: 'pause' } },
  })
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('trialing')

  sandbox.advance(8 * DAY)

  expect((await stripe.subscriptions.retrieve(id)).status).toBe('paused')
  expect(sandbox.events('customer.subscription.paused')).toHaveLength(1)
  const method = await stripe.paymentMethods.attach('pm_card_visa', { customer: customer.id })
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: method.id } })

  await stripe.subscriptions.resume(id)

  expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
  expect(sandbox.events('customer.subscription.resumed')).toHaveLength(1)
})

test('a trial ended early without a card follows its settings', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  for (const [behavior, status] of [
    ['pause', 'paused'],
    ['cancel', 'canceled'],
  ] as const) {
    const customer = await stripe.customers.create({ email: 'ada@example.com' })
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: monthly.id }],
      trial_period_days: 7,
      trial_settings: { end_behavior: { missing_payment_method: behavior } },
    })
    sandbox.advance(DAY)
    expect(await stripe.subscriptions.update(id, { trial_end: 'now' })).toMatchObject({ status })
    // The only invoice is that of the trial.
    expect((await stripe.invoices.list({ subscription: id })).data.map(({ total }) => total)).toEqual([0])
  }
})

test('a resumed subscription stays paused until its invoice is paid', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await aCustomer(stripe, 'pm_card_visa')
  const { id, items } = await stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }] })
  const { current_period_start: start, current_period_end: end } = items.data[0]!
  sandbox.advance((end - start) / 2)
  expect((await stripe.subscriptions.pause(id)).status).toBe('paused')
  sandbox.advance(60 * DAY)
  expect((await stripe.invoices.list({ subscription: id })).data).toHaveLength(1)

  const bad = await stripe.paymentMethods.attach('pm_card_chargeCustomerFail', { customer: customer.id })
  await stripe.customers.update(customer.id, { invoice_settings: { default_payment_method: bad.id } })
  const after = await stripe.subscriptions.resume(id, { payment_behavior: 'resume_on_payment_success' })
  expect(after.status).toBe('paused')
  const open = await stripe.invoices.retrieve(after.latest_invoice as string)
  // A month, less the half that was credited at the pause.
  expect(open).toMatchObject({ status: 'open', lines: { data: [{ amount: -500 }, { amount: 1000 }] } })

  await stripe.invoices.pay(open.id, { payment_method: 'pm_card_visa' })
  expect((await stripe.subscriptions.retrieve(id)).status).toBe('active')
  expect(sandbox.events('customer.subscription.resumed')).toHaveLength(1)
})

test('a schedule without the trial of its first phase ends the trial', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly, yearly } = await aPlan(stripe)
  const customer = await aCustomer(stripe, 'pm_card_visa')
  const onTrial = async (trial: boolean) => {
    const { id } = await stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: monthly.id }],
      trial_period_days: 7,
    })
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id })
    const { start_date, end_date } = schedule.phases[0]!
    await stripe.subscriptionSchedules.update(schedule.id, {
      end_behavior: 'release',
      phases: [
        { items: [{ price: monthly.id }], start_date, end_date, ...(trial && { trial }) },
        { items: [{ price: yearly.id }], duration: { interval: 'year', interval_count: 1 } },
      ],
    })
    return id
  }
  expect((await stripe.subscriptions.retrieve(await onTrial(false))).status).toBe('active')
  const kept = await onTrial(true)
  expect((await stripe.subscriptions.retrieve(kept)).status).toBe('trialing')
  sandbox.advance(8 * DAY)
  const [first] = (await stripe.invoices.list({ subscription: kept, limit: 1 })).data
  expect(first).toMatchObject({ status: 'paid', amount_paid: 10_000 })
})
