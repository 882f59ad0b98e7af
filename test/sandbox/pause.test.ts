import { expect, test } from 'vitest'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'

const DAY = 86_400

test('a paused collection voids what comes meanwhile, and goes on when it is lifted', async () => {
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
