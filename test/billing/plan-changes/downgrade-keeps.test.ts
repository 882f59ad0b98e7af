import { expect, it } from 'vitest'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { copyPhase, withPrice } from '#app/billing/stripe/objects/phase-copy.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, sellByHand } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

it('a downgrade keeps an add-on, the quantities and the metadata', async () => {
  const addOn = await addOnPrice(context)
  const [creator, beginner] = [await planPrice('Creator'), await planPrice('Beginner')]
  const items = [
    { price: addOn, quantity: 3, metadata: { seat: 'north' } },
    { price: creator, quantity: 2 },
  ]
  const { _id } = await sellByHand(context, items, { metadata: { contract: '7' } })
  await deliveries.deliver()
  const user = await readUser(_id)
  await changePlan(user, { plan: 'Beginner', interval: 'month' })
  const sold = async () => {
    const { items, metadata } = await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))
    const parts = items.data.map(({ price, quantity, metadata }) => [price.id, quantity, metadata])
    return { parts, metadata }
  }
  const addOnPart = [addOn, 3, { seat: 'north' }]
  expect(await sold()).toEqual({ parts: [addOnPart, [creator, 2, {}]], metadata: { contract: '7' } })

  advance(context, 32)
  await deliveries.deliver()
  expect(await sold()).toEqual({ parts: [addOnPart, [beginner, 2, {}]], metadata: { contract: '7' } })
  expect((await historyOf(user)).at(-1)).toMatchObject({ amount: 3500, creditsAdded: 2000 })
})

it('a downgrade of a yearly plan beside a monthly add-on waits for the year’s end', async () => {
  const addOn = await addOnPrice(context)
  const { _id } = await sellByHand(context, [{ price: addOn }, { price: await planPrice('Creator', 'year') }])
  await deliveries.deliver()
  const user = await readUser(_id)
  const { currentPeriodEnd } = user.subscription!
  expect(await changePlan(user, { plan: 'Beginner', interval: 'year' })).toEqual({
    state: 'scheduled',
    at: currentPeriodEnd,
  })
  advance(context, 40)
  await deliveries.deliver()
  expect((await readUser(_id)).subscription).toMatchObject({
    plan: 'Creator',
    scheduledChange: { plan: 'Beginner', at: currentPeriodEnd },
  })
})

it('a phase is copied with all that a request can contain, and one price changes', () => {
  const item = {
    price: 'price_plan',
    quantity: 2,
    metadata: { seat: 'north' },
    discounts: [{ coupon: null, discount: 'di_item', promotion_code: null }],
    tax_rates: [{ id: 'txr_1', object: 'tax_rate' }],
    billing_thresholds: { usage_gte: 5 },
    plan: 'price_plan',
  }
  const phase = {
    ...{ start_date: 1, end_date: 2, trial_end: null, currency: 'usd', add_invoice_items: [], on_behalf_of: null },
    items: [{ price: 'price_add_on', quantity: null, discounts: [], metadata: {}, tax_rates: [] }, item],
    metadata: { contract: '7' },
    discounts: [{ coupon: 'half', discount: null, promotion_code: null }],
    default_tax_rates: [{ id: 'txr_2', object: 'tax_rate' }],
    description: 'By contract',
    collection_method: 'send_invoice',
    default_payment_method: { id: 'pm_1', object: 'payment_method' },
    application_fee_percent: 3,
    transfer_data: { destination: 'acct_1', amount_percent: null },
    billing_thresholds: { amount_gte: 900, reset_billing_cycle_anchor: false },
    automatic_tax: { enabled: true, liability: { type: 'self' }, disabled_reason: null },
    invoice_settings: { account_tax_ids: null, days_until_due: 14, issuer: { type: 'self' } },
  }
  // As it is sent, without undefined fields.
  expect(JSON.parse(JSON.stringify(withPrice(copyPhase(phase), 'price_plan', 'price_smaller')))).toEqual({
    items: [
      { price: 'price_add_on', metadata: {} },
      {
        price: 'price_smaller',
        quantity: 2,
        metadata: { seat: 'north' },
        discounts: [{ discount: 'di_item' }],
        tax_rates: ['txr_1'],
        billing_thresholds: { usage_gte: 5 },
      },
    ],
    metadata: { contract: '7' },
    discounts: [{ coupon: 'half' }],
    default_tax_rates: ['txr_2'],
    description: 'By contract',
    collection_method: 'send_invoice',
    default_payment_method: 'pm_1',
    application_fee_percent: 3,
    transfer_data: { destination: 'acct_1' },
    billing_thresholds: { amount_gte: 900, reset_billing_cycle_anchor: false },
    automatic_tax: { enabled: true, liability: { type: 'self' } },
    invoice_settings: { days_until_due: 14, issuer: { type: 'self' } },
  })
})
