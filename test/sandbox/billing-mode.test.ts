import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type Stripe from 'stripe'
import { describe, expect, test } from 'vitest'
import { aCustomer, aPlan, clientOf, sandboxAndClient } from './harness.ts'

const FLEXIBLE = { type: 'flexible', flexible: { proration_discounts: 'included' } } as const
const ITEMIZED = { type: 'flexible', flexible: { proration_discounts: 'itemized' } } as const
const CLASSIC = { type: 'classic' } as const

async function shop() {
  const { sandbox, stripe } = await sandboxAndClient()
  const { monthly } = await aPlan(stripe)
  const customer = await aCustomer(stripe)
  const create = (params: Partial<Stripe.SubscriptionCreateParams> = {}, options: Stripe.RequestOptions = {}) =>
    stripe.subscriptions.create({ customer: customer.id, items: [{ price: monthly.id }], ...params }, options)
  return { sandbox, stripe, monthly, customer, create }
}

describe('the billing mode of a new subscription', () => {
  test('a new subscription is flexible with discounts included, by default', async () => {
    const { create } = await shop()
    expect((await create()).billing_mode).toEqual(FLEXIBLE)
    expect((await create({ billing_mode: { type: 'flexible' } })).billing_mode).toEqual(FLEXIBLE)
    expect((await create({ billing_mode: ITEMIZED })).billing_mode).toEqual(ITEMIZED)
    expect((await create({ billing_mode: CLASSIC })).billing_mode).toEqual({ type: 'classic', flexible: null })
  })

  test('a new subscription before clover is classic, by default', async () => {
    const { create } = await shop()
    const old = { apiVersion: '2025-08-27.basil' }
    expect((await create({}, old)).billing_mode).toMatchObject({ type: 'classic' })
    expect((await create({ billing_mode: ITEMIZED }, old)).billing_mode).toEqual(ITEMIZED)
    expect((await create({}, { apiVersion: '2025-09-30.clover' })).billing_mode).toEqual(FLEXIBLE)
  })

  test('the mode can be set at checkout and for a schedule', async () => {
    const { sandbox, stripe, monthly, customer } = await shop()
    const line_items = [{ price: monthly.id, quantity: 1 }]
    const open = (subscription_data: Stripe.Checkout.SessionCreateParams.SubscriptionData) =>
      stripe.checkout.sessions.create({
        mode: 'subscription',
        line_items,
        customer: customer.id,
        subscription_data,
        success_url: 'http://localhost/',
      })
    const modeOf = async ({ id }: Stripe.Checkout.Session) =>
      (await stripe.subscriptions.retrieve(sandbox.completeCheckout(id).subscription as string)).billing_mode
    expect(await modeOf(await open({}))).toEqual(FLEXIBLE)
    expect(await modeOf(await open({ billing_mode: ITEMIZED }))).toEqual(ITEMIZED)
    expect(await modeOf(await open({ billing_mode: CLASSIC }))).toMatchObject(CLASSIC)

    const phases = [{ items: [{ price: monthly.id }], duration: { interval: 'month' as const } }]
    const request = { customer: customer.id, start_date: 'now' as const, phases, billing_mode: ITEMIZED }
    const schedule = await stripe.subscriptionSchedules.create(request)
    expect(schedule.billing_mode).toEqual(ITEMIZED)
    const { billing_mode } = await stripe.subscriptions.retrieve(schedule.subscription as string)
    expect(billing_mode).toEqual(ITEMIZED)
  })

  test('an invalid mode is refused', async () => {
    const { stripe, create } = await shop()
    const refused = (billing_mode: unknown) =>
      create({ billing_mode: billing_mode as Stripe.SubscriptionCreateParams.BillingMode }).catch(
        ({ param, message }: Stripe.errors.StripeError) => ({ param, message }),
      )
    expect(await refused({ type: 'modern' })).toMatchObject({ param: 'billing_mode[type]' })
    expect(await refused({ flexible: { proration_discounts: 'itemized' } })).toMatchObject({
      param: 'billing_mode[type]',
      message: 'Missing required param: billing_mode[type].',
    })
    expect(await refused({ type: 'classic', flexible: { proration_discounts: 'itemized' } })).toMatchObject({
      param: 'billing_mode[flexible]',
    })
    expect(await refused({ type: 'flexible', flexible: { proration_discounts: 'both' } })).toMatchObject({
      message: 'Invalid proration_discounts: must be one of included, or itemized',
    })
    const { id } = await create()
    const update = { billing_mode: ITEMIZED } as Stripe.SubscriptionUpdateParams
    await expect(stripe.subscriptions.update(id, update)).rejects.toMatchObject({ code: 'parameter_unknown' })
  })
})

describe('a migration of the billing mode', () => {
  test('a subscription can migrate from classic to included to itemized, and never back', async () => {
    const { sandbox, stripe, create } = await shop()
    const { id } = await create({ billing_mode: CLASSIC })
    const schedule = await stripe.subscriptionSchedules.create({ from_subscription: id })
    expect(schedule.billing_mode).toMatchObject(CLASSIC)

    const flexible = await stripe.subscriptions.migrate(id, { billing_mode: { type: 'flexible' } })
    expect(flexible.billing_mode).toEqual({ ...FLEXIBLE, updated_at: expect.any(Number) as number })
    const itemized = await stripe.subscriptions.migrate(id, { billing_mode: ITEMIZED })
    expect(itemized.billing_mode).toMatchObject(ITEMIZED)
    expect((await stripe.subscriptionSchedules.retrieve(schedule.id)).billing_mode).toMatchObject(ITEMIZED)
    const [told] = sandbox.events('customer.subscription.updated').slice(-1)
    expect(told!.data).toMatchObject({ previous_attributes: { billing_mode: { flexible: FLEXIBLE.flexible } } })

    await expect(stripe.subscriptions.migrate(id, { billing_mode: FLEXIBLE })).rejects.toMatchObject({
      param: 'billing_mode[flexible][proration_discounts]',
    })
    const back = { billing_mode: CLASSIC } as unknown as Stripe.SubscriptionMigrateParams
    await expect(stripe.subscriptions.migrate(id, back)).rejects.toMatchObject({ param: 'billing_mode[type]' })
    const again = await stripe.subscriptions.migrate(id, { billing_mode: { type: 'flexible' } })
    expect(again.billing_mode).toEqual(itemized.billing_mode)
  })

  test('an ended subscription cannot migrate', async () => {
    const { stripe, create } = await shop()
    const { id } = await create()
    await stripe.subscriptions.cancel(id)
    await expect(stripe.subscriptions.migrate(id, { billing_mode: ITEMIZED })).rejects.toThrow(/canceled/)
  })

  test('a migration can be previewed without taking effect', async () => {
    const { stripe, create } = await shop()
    await stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'forever' })
    const { id, items } = await create({ discounts: [{ coupon: 'half' }] })
    const { amount_due, lines } = await stripe.invoices.createPreview({
      subscription: id,
      subscription_details: {
        items: [{ id: items.data[0]!.id, quantity: 2 }],
        proration_behavior: 'always_invoice',
        proration_date: items.data[0]!.current_period_start,
        billing_mode: ITEMIZED,
      },
    })
    expect(lines.data.map(({ amount }) => amount)).toEqual([-1000, 2000])
    expect(amount_due).toBe(500)
    expect((await stripe.subscriptions.retrieve(id)).billing_mode).toEqual(FLEXIBLE)
  })
})

test('stored subscriptions, classic or without a mode, keep their behavior', async () => {
  const dataFolder = mkdtempSync(join(tmpdir(), 'scrip-modes-'))
  try {
    const first = await sandboxAndClient({ dataFolder })
    const { monthly } = await aPlan(first.stripe)
    const customer = await aCustomer(first.stripe)
    await first.stripe.coupons.create({ id: 'half', percent_off: 50, duration: 'forever' })
    const { id, items } = await first.stripe.subscriptions.create({
      customer: customer.id,
      items: [{ price: monthly.id }],
      discounts: [{ coupon: 'half' }],
      billing_mode: CLASSIC,
    })
    await first.sandbox.close()
    const file = join(dataFolder, 'stripe-sandbox.jsonl')
    const before = readFileSync(file, 'utf8')
    writeFileSync(file, before.replaceAll('"billing_mode":{"flexible":null,"type":"classic"},', ''))
    expect(readFileSync(file, 'utf8').length).toBeLessThan(before.length)

    const second = await sandboxAndClient({ dataFolder })
    const stripe = clientOf(second.sandbox)
    const changed = await stripe.subscriptions.update(id, {
      items: [{ id: items.data[0]!.id, quantity: 2 }],
      proration_behavior: 'always_invoice',
      proration_date: items.data[0]!.current_period_start,
      expand: ['latest_invoice'],
    })
    const { lines } = changed.latest_invoice as Stripe.Invoice
    expect(lines.data.map(({ amount }) => amount)).toEqual([-500, 1000])
    expect((await stripe.subscriptions.migrate(id, { billing_mode: ITEMIZED })).billing_mode).toMatchObject(ITEMIZED)
  } finally {
    rmSync(dataFolder, { recursive: true, force: true })
  }
})
