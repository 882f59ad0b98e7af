import type Stripe from 'stripe'
import { afterEach, describe, expect, it } from 'vitest'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import type { PlanChoice } from '#app/billing/plan-changes/change-target.server.ts'
import { forgetCoupons } from '#app/billing/upcoming-invoice/coupons.server.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, addPrice, sellByHand } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

/** The clock moves for all tests, so the plans of this one are ended. */
afterEach(async () => {
  for (const { id } of (await context.stripe.subscriptions.list()).data) await context.stripe.subscriptions.cancel(id)
  deliveries.take()
})

type Params = Partial<Stripe.SubscriptionCreateParams> & { items: Stripe.SubscriptionCreateParams.Item[] }

async function sold({ items, ...more }: Params): Promise<User> {
  const { _id } = await sellByHand(context, items, more)
  await deliveries.deliver()
  return readUser(_id)
}

const daily = async (quantity = 1) => ({ price: await planPrice('Daily'), quantity })
const coupon = async (params: Stripe.CouponCreateParams) => ({
  coupon: (await context.stripe.coupons.create(params)).id,
})
const half = { percent_off: 50, duration: 'forever' as const }

async function inYen(): Promise<Params> {
  for (const [plan, unit_amount] of [
    ['Beginner', 1500],
    ['Daily', 2700],
    ['Creator', 6000],
  ] as const) {
    await context.stripe.prices.update(await planPrice(plan), { currency_options: { jpy: { unit_amount } } })
  }
  forgetPrices()
  return { currency: 'jpy', items: [{ price: await planPrice('Daily') }] }
}

const older = () => addPrice(context, 'scrip_daily_month', { unit_amount: 1200, recurring: { interval: 'month' } })

/** The price and credits of each period with the larger and with the smaller plan. */
const shapes: [string, () => Promise<Params>, [number, number], [number, number]][] = [
  ['as listed', async () => ({ items: [await daily()] }), [4000, 5000], [1000, 1000]],
  ['three of it', async () => ({ items: [await daily(3)] }), [12_000, 15_000], [3000, 3000]],
  [
    'half price forever',
    async () => ({ items: [await daily()], discounts: [await coupon(half)] }),
    [2000, 5000],
    [500, 1000],
  ],
  ['in yen', inYen, [6000, 5000], [1500, 1000]],
  [
    'an add-on before it',
    async () => ({ items: [{ price: await addOnPrice(context), quantity: 2 }, await daily()] }),
    [5000, 5000],
    [2000, 1000],
  ],
  ['from an older price', async () => ({ items: [{ price: await older() }] }), [4000, 5000], [1000, 1000]],
]

describe.each<[string, PlanChoice, 2 | 3]>([
  ['up', { plan: 'Creator', interval: 'month' }, 2],
  ['down', { plan: 'Beginner', interval: 'month' }, 3],
])('the charges after a plan change %s', (_, choice, column) => {
  it.each(shapes)('the charges after the change are those shown: %s', async (...shape) => {
    const user = await sold(await shape[1]())
    advance(context, 10)
    const { after, when } = await previewPlanChange(user, choice)
    const [amount, credits] = shape[column]
    expect(after).toMatchObject({ next: { amount, credits }, price: { amount, credits } })

    await changePlan(user, choice)
    await deliveries.deliver()
    const before = (await historyOf(user)).length
    expect(before).toBe(when === 'now' ? 2 : 1)
    advance(context, 22)
    await deliveries.deliver()
    const rows = await historyOf(user)
    expect(rows).toHaveLength(before + 1)
    expect(rows.at(-1)).toMatchObject({ amount, creditsAdded: credits, currency: after.next?.currency })
  })
})

describe('a first payment that differs from those after it', () => {
  it.each<[string, Stripe.CouponCreateParams, PlanChoice, number]>([
    [
      'a coupon of three months',
      { percent_off: 50, duration: 'repeating', duration_in_months: 3 },
      { plan: 'Creator', interval: 'month' },
      2000,
    ],
    [
      'a coupon for one invoice before a downgrade',
      { percent_off: 50, duration: 'once' },
      { plan: 'Beginner', interval: 'month' },
      500,
    ],
  ])('the first payment is stated apart with %s', async (_, params, choice, amount) => {
    const user = await sold({ items: [await daily()] })
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { discounts: [await coupon(params)] })
    const { after } = await previewPlanChange(user, choice)
    expect(after.next).toMatchObject({ amount })
    expect(after.price).toMatchObject({ amount: choice.plan === 'Creator' ? 4000 : 1000 })
    await changePlan(user, choice)
    advance(context, 32)
    await deliveries.deliver()
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount })
  })
})

describe('an amount that is unknown', () => {
  it('no sum is shown where pending items wait for the smaller plan’s first invoice', async () => {
    const user = await sold({ items: [await daily()] })
    const item = { customer: user.stripeCustomerId!, subscription: subscriptionIdOf(user), amount: 500 }
    await context.stripe.invoiceItems.create({ ...item, currency: 'usd' })
    const { after } = await previewPlanChange(user, { plan: 'Beginner', interval: 'month' })
    expect(after).toMatchObject({ next: null, price: { amount: 1000 } })
  })

  it('no sum is shown for a coupon that was deleted', async () => {
    const given = await coupon(half)
    const user = await sold({ items: [await daily()], discounts: [given] })
    await context.stripe.coupons.del(given.coupon)
    forgetCoupons()
    const { after } = await previewPlanChange(user, { plan: 'Beginner', interval: 'month' })
    expect(after).toEqual({ next: null, price: null })
  })

  it('no sum is shown for a coupon for one invoice, which the change itself may use up', async () => {
    const user = await sold({ items: [await daily()] })
    const once = await coupon({ percent_off: 50, duration: 'once' })
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { discounts: [once] })
    const { after } = await previewPlanChange(user, { plan: 'Creator', interval: 'month' })
    expect(after).toMatchObject({ next: null, price: { amount: 4000 } })
  })

  it('only the plan’s yearly price is shown beside a monthly add-on', async () => {
    const price = await planPrice('Creator', 'year')
    const user = await sold({ items: [{ price: await addOnPrice(context) }, { price }] })
    const { after, beside } = await previewPlanChange(user, { plan: 'Beginner', interval: 'year' })
    expect(beside).toMatchObject([{ name: 'Priority queue', quantity: 1, unitAmount: 500, interval: 'month' }])
    expect(after).toMatchObject({ next: null, price: { amount: 10_000, credits: 12_000, interval: 'year' } })
  })

  it('no sum is shown after the end that the shop set: a larger plan ends with it, and a downgrade never takes effect', async () => {
    const user = await sold({ items: [await daily()] })
    const end = context.sandbox.now() + 20 * 86_400
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at: end })
    const up = await previewPlanChange(user, { plan: 'Creator', interval: 'month' })
    expect(up).toMatchObject({ endsAt: new Date(end * 1000), after: { next: null } })
    await expect(previewPlanChange(user, { plan: 'Beginner', interval: 'month' })).rejects.toThrow(
      'We set the end date of your plan',
    )
  })

  it('a downgrade that would remove the later end set by the shop is refused', async () => {
    const user = await sold({ items: [await daily()] })
    const cancel_at = context.sandbox.now() + 100 * 86_400
    await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at })
    await expect(changePlan(user, { plan: 'Beginner', interval: 'month' })).rejects.toThrow(
      'We set the end date of your plan',
    )
    expect(await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))).toMatchObject({
      cancel_at,
      schedule: null,
    })
  })
})
