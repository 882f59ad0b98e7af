import { expect, test } from 'vitest'
import { lineItemsOf } from '#sandbox/stripe/billing/checkout/totals.ts'
import { aCustomer, aPlan, sandboxAndClient } from './harness.ts'
import { differences, kinds } from './shape.ts'

test('every object has the keys and types of Stripe’s published sample', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await aCustomer(stripe)
  const session = await stripe.checkout.sessions.create({
    mode: 'subscription',
    customer: customer.id,
    line_items: [{ price: monthly.id, quantity: 1 }],
    success_url: 'http://localhost:3000/',
  })
  const done = sandbox.completeCheckout(session.id)
  const [charge] = (await stripe.charges.list({ customer: customer.id })).data
  await stripe.refunds.create({ charge: charge!.id, amount: 100 })
  await stripe.coupons.create({ percent_off: 25, id: 'quarter' })
  await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: 'quarter' }, code: 'QUARTER' })
  await stripe.subscriptions.update(done.subscription as string, { discounts: [{ coupon: 'quarter' }] })
  await stripe.invoiceItems.create({ customer: customer.id, amount: 300, currency: 'usd' })
  await stripe.setupIntents.create({ customer: customer.id })
  await stripe.testHelpers.testClocks.create({ frozen_time: 1_800_000_000 })
  await stripe.webhookEndpoints.create({ url: 'http://127.0.0.1:1/', enabled_events: ['*'] })

  const { tables } = sandbox.world
  const first = (table: { newestFirst(): Generator<unknown> }): unknown => table.newestFirst().next().value
  const problems = [
    ...differences('balance_transaction', first(tables.balanceTransactions)),
    ...differences('charge', charge),
    ...differences('checkout.session', await stripe.checkout.sessions.retrieve(session.id)),
    ...differences('item', lineItemsOf(sandbox.world, tables.checkoutSessions.get(session.id)!).data[0]),
    ...differences('coupon', first(tables.coupons)),
    ...differences('customer', await stripe.customers.retrieve(customer.id)),
    ...differences('discount', first(tables.discounts)),
    ...differences('event', first(tables.events)),
    ...differences('invoice', first(tables.invoices)),
    ...differences('invoice_payment', first(tables.invoicePayments)),
    ...differences('invoiceitem', first(tables.invoiceItems)),
    ...differences('payment_intent', first(tables.paymentIntents)),
    ...differences('payment_method', first(tables.paymentMethods)),
    ...differences('price', first(tables.prices)),
    ...differences('product', first(tables.products)),
    ...differences('promotion_code', first(tables.promotionCodes)),
    ...differences('refund', first(tables.refunds)),
    ...differences('setup_intent', first(tables.setupIntents)),
    ...differences('subscription', first(tables.subscriptions)),
    ...differences('test_helpers.test_clock', first(tables.testClocks)),
    ...differences('webhook_endpoint', first(tables.webhookEndpoints)),
    ...differences('deleted_customer', await stripe.customers.del(customer.id)),
  ]
  expect(problems).toEqual([])
})

test('every object in the events of a long history has the shape of its kind', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly, yearly } = await aPlan(stripe)
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: 1_800_000_000 })
  const customer = await aCustomer(stripe, 'pm_card_createDispute', {
    test_clock: clock.id,
    address: { country: 'DE' },
  })
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: monthly.id }],
    trial_period_days: 10,
    automatic_tax: { enabled: true },
  })
  const advance = async (days: number) => {
    const { frozen_time } = await stripe.testHelpers.testClocks.retrieve(clock.id)
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: frozen_time + days * 86_400 })
    await sandbox.idle()
  }
  await advance(8)
  await advance(3)
  const [item] = subscription.items.data
  await stripe.subscriptions.update(subscription.id, { items: [{ id: item!.id, price: yearly.id }] })
  await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item!.id, price: yearly.id, quantity: 3 }],
    proration_behavior: 'always_invoice',
  })
  await stripe.subscriptions.update(subscription.id, {
    items: [{ id: item!.id, quantity: 1 }],
    proration_behavior: 'always_invoice',
  })
  const schedule = await stripe.subscriptionSchedules.create({ from_subscription: subscription.id })
  await stripe.subscriptionSchedules.release(schedule.id)
  const [dispute] = (await stripe.disputes.list()).data
  await stripe.disputes.close(dispute!.id)
  await stripe.billingPortal.configurations.create({ features: { invoice_history: { enabled: true } } })
  await stripe.billingPortal.sessions.create({
    customer: customer.id,
    flow_data: { type: 'subscription_cancel', subscription_cancel: { subscription: subscription.id } },
  })
  await stripe.subscriptions.cancel(subscription.id)

  const { tables } = sandbox.world
  const seen = new Set<string>()
  const problems = sandbox.events().flatMap((event) => {
    const { object } = event.data
    seen.add(object.object)
    const name = object.object === 'checkout.session' || kinds.includes(object.object) ? object.object : null
    return name
      ? differences(name, object).map((problem) => `${event.type}: ${problem}`)
      : [`${event.type}: no sample of ${object.object}`]
  })
  for (const table of [tables.customerBalanceTransactions, tables.taxRates, tables.portalConfigurations])
    for (const row of table.newestFirst()) problems.push(...differences(row.object, row))
  expect(problems).toEqual([])
  for (const kind of [
    'invoice',
    'invoiceitem',
    'subscription',
    'subscription_schedule',
    'dispute',
    'billing_portal.session',
    'invoice_payment',
  ])
    expect(seen).toContain(kind)
})

test('the comparison detects missing keys and other types', () => {
  expect(differences('deleted_customer', { id: 'cus_1', object: 'customer' })).toEqual([
    'deleted_customer.deleted: missing',
  ])
  expect(differences('deleted_customer', { id: 1, object: 'customer', deleted: true })).toEqual([
    'deleted_customer.id: string expected, number found',
  ])
})
