import type Stripe from 'stripe'
import { expect, test } from 'vitest'
import { SECRET, aCustomer, aPlan, receiver, sandboxAndClient } from './harness.ts'

async function paidCharge(stripe: Stripe, card = 'pm_card_visa') {
  const { monthly } = await aPlan(stripe)
  const customer = await aCustomer(stripe, card)
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: monthly.id }],
    expand: ['latest_invoice'],
  })
  const [charge] = (await stripe.charges.list({ customer: customer.id })).data
  return { charge: charge!, customer, subscription }
}

test('full and partial refunds add up on the charge', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { charge } = await paidCharge(stripe)
  await stripe.refunds.create({
    charge: charge.id,
    amount: 300,
    reason: 'requested_by_customer',
    metadata: { why: 'slow' },
  })
  await stripe.refunds.create({ payment_intent: charge.payment_intent as string, amount: 200 })
  expect(await stripe.charges.retrieve(charge.id)).toMatchObject({ amount_refunded: 500, refunded: false })
  await expect(stripe.refunds.create({ charge: charge.id, amount: 600 })).rejects.toThrow(
    /\$6\.00\) is greater than unrefunded amount on charge \(\$5\.00/,
  )
  await stripe.refunds.create({ charge: charge.id })
  expect(await stripe.charges.retrieve(charge.id)).toMatchObject({ amount_refunded: 1000, refunded: true })
  await expect(stripe.refunds.create({ charge: charge.id })).rejects.toMatchObject({ code: 'charge_already_refunded' })
  expect((await stripe.refunds.list({ charge: charge.id })).data.map(({ amount }) => amount)).toEqual([500, 200, 300])
  const refunded = sandbox.events('charge.refunded')
  expect(refunded.map(({ data }) => data.previous_attributes)).toEqual([
    { amount_refunded: 0 },
    { amount_refunded: 300 },
    { amount_refunded: 500, refunded: false },
  ])
  expect(refunded[0]!.data.object).not.toHaveProperty('refunds')
})

test('a dispute takes the money at once, and winning it returns the money', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { charge } = await paidCharge(stripe, 'pm_card_createDispute')
  const [dispute] = (await stripe.disputes.list({ charge: charge.id })).data
  expect(dispute).toMatchObject({
    status: 'needs_response',
    amount: 1000,
    reason: 'fraudulent',
    balance_transactions: [{ amount: -1000, fee: 1500 }],
  })
  expect(await stripe.charges.retrieve(charge.id)).toMatchObject({ disputed: true })
  await expect(stripe.refunds.create({ charge: charge.id })).rejects.toMatchObject({ code: 'charge_disputed' })
  await stripe.disputes.update(dispute!.id, { evidence: { uncategorized_text: 'winning_evidence' } })
  expect(await stripe.disputes.retrieve(dispute!.id)).toMatchObject({
    status: 'won',
    balance_transactions: [{ net: -2500 }, { net: 2500 }],
  })
  expect(sandbox.events('charge.dispute.*').map(({ type }) => type)).toEqual([
    'charge.dispute.created',
    'charge.dispute.funds_withdrawn',
    'charge.dispute.updated',
    'charge.dispute.updated',
    'charge.dispute.funds_reinstated',
    'charge.dispute.closed',
  ])
})

test('an uncontested dispute is lost', async () => {
  const { sandbox, stripe } = await sandboxAndClient()
  const { charge } = await paidCharge(stripe, 'pm_card_createDispute')
  const [dispute] = (await stripe.disputes.list({ charge: charge.id })).data
  expect(await stripe.disputes.close(dispute!.id)).toMatchObject({ status: 'lost' })
  expect(sandbox.events('charge.dispute.funds_reinstated')).toHaveLength(0)
  await expect(stripe.disputes.close(dispute!.id)).rejects.toThrow(/already closed/)
})

test('an endpoint of an older version gets the older shape, and so does a client that requests it', async () => {
  const hook = await receiver()
  const { sandbox, stripe } = await sandboxAndClient({
    endpoint: { url: hook.url, secret: SECRET, apiVersion: '2024-06-20' },
  })
  const { charge, subscription } = await paidCharge(stripe)
  await sandbox.idle()
  const event = (type: string) => hook.events.find((candidate) => candidate.type === type)!
  const price = subscription.items.data[0]!.price.id
  expect(event('invoice.paid')).toMatchObject({
    api_version: '2024-06-20',
    data: {
      object: {
        subscription: subscription.id,
        charge: charge.id,
        payment_intent: charge.payment_intent,
        paid: true,
        subscription_details: {},
        lines: {
          data: [{ price: { id: price }, type: 'subscription', proration: false, subscription: subscription.id }],
        },
      },
    },
  })
  expect(event('invoice.paid').data.object).not.toHaveProperty('parent')
  expect(event('customer.subscription.created').data.object).toMatchObject({
    current_period_end: subscription.items.data[0]!.current_period_end,
    plan: { id: price },
    quantity: 1,
  })
  expect(event('charge.succeeded').data.object).toMatchObject({
    invoice: (subscription.latest_invoice as Stripe.Invoice).id,
  })
  const old = await stripe.subscriptions.retrieve(subscription.id, {}, { apiVersion: '2024-06-20' })
  expect(old).toHaveProperty('current_period_end')
  expect(await stripe.subscriptions.retrieve(subscription.id)).not.toHaveProperty('current_period_end')
})
