import type Stripe from 'stripe'
import { findPlan } from '#app/billing/plans.ts'
import type { StripeForTests } from '../stripe.ts'
import type { Person } from './at-stripe.ts'
import type { ByHand, Coupon, StripeStep } from './steps.ts'
import { planItemOf } from './truth-subscription.ts'
import { Prices } from './truth-lines.ts'

/* What the shop sells and changes in Stripe's dashboard. */

const COUPONS: Record<Exclude<Coupon, 'none'>, Stripe.CouponCreateParams> = {
  half: { percent_off: 50, duration: 'once' },
  all: { percent_off: 100, duration: 'once' },
  always: { percent_off: 50, duration: 'forever' },
  months: { percent_off: 50, duration: 'repeating', duration_in_months: 3 },
  less: { amount_off: 500, currency: 'usd', duration: 'forever' },
}

/** Creates each coupon and its promotion code under the coupon's kind. */
export async function makeCoupons({ stripe }: StripeForTests): Promise<void> {
  for (const [id, terms] of Object.entries(COUPONS)) {
    await stripe.coupons.create({ id, ...terms })
    await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: id }, code: id })
  }
}

/** Only the product says what these prices sell. */
const INTERVALS = {
  older: { interval: 'month', interval_count: 1 },
  free: { interval: 'month', interval_count: 1 },
  listed: { interval: 'month', interval_count: 1 },
  week: { interval: 'week', interval_count: 1 },
  quarter: { interval: 'month', interval_count: 3 },
  twoYears: { interval: 'year', interval_count: 2 },
} as const
const AMOUNTS = { older: 1234, free: 0, listed: 1100, week: 300, quarter: 2700, twoYears: 18_000 }
/** Makes amounts differ in each currency. */
const YEN = 3

/** Sells a plan on a subscription, at the given price and with the given add-ons. */
export async function sellByHand(context: StripeForTests, { customer }: Person, how: ByHand): Promise<unknown> {
  const { stripe } = context
  const { currency, quantity, addOn, coupon } = how
  if (coupon === 'less' && currency !== 'usd') return false
  const price = await priceOf(context, how)
  const plan = { price, quantity }
  const items = addOn === 'none' ? [plan] : [{ price: await addOnPrice(context, currency, addOn) }, plan]
  const subscription = await stripe.subscriptions.create({
    ...{ customer, items, currency },
    ...(coupon !== 'none' && { discounts: [{ coupon }] }),
  })
  // Existing subscribers keep an archived price.
  if (how.price === 'older') await stripe.prices.update(price, { active: false })
  return subscription
}

async function priceOf({ stripe }: StripeForTests, { plan, price: kind, currency }: ByHand): Promise<string> {
  const [listed] = (await stripe.prices.list({ lookup_keys: [findPlan(plan)!.prices!.month.lookupKey] })).data
  const yen = { jpy: { unit_amount: AMOUNTS[kind] * YEN } }
  if (kind === 'listed' && currency !== 'eur') {
    if (currency === 'jpy') await stripe.prices.update(listed!.id, { currency_options: yen })
    return listed!.id
  }
  const { id } = await stripe.prices.create({
    ...{ product: listed!.product as string, unit_amount: AMOUNTS[kind], recurring: INTERVALS[kind] },
    ...(currency === 'jpy' ? { currency: 'usd', currency_options: yen } : { currency }),
  })
  return id
}

async function addOnPrice({ stripe }: StripeForTests, currency: string, every: 'month' | 'year'): Promise<string> {
  const product_data = { name: 'Support by phone' }
  const amount = every === 'month' ? 700 : 7000
  return (await stripe.prices.create({ currency, unit_amount: amount, recurring: { interval: every }, product_data }))
    .id
}

type Change = Extract<StripeStep, { kind: 'quantity' | 'addOn' | 'dropAddOn' | 'discount' | 'cancelAt' | 'freeTime' }>

/** @returns false where there is nothing to change */
export async function changeByHand(
  context: StripeForTests,
  subscription: Stripe.Subscription,
  step: Change,
): Promise<unknown> {
  const { stripe } = context
  const { id, items, currency, status, schedule } = subscription
  // With a schedule the dashboard edits its phases instead, which state every item.
  if (schedule) return false
  const plan = await planItemOf(new Prices(context), subscription)
  switch (step.kind) {
    case 'quantity': {
      if (!plan || plan.quantity === step.quantity) return false
      const changed = [{ id: plan.id, quantity: step.quantity }]
      return stripe.subscriptions.update(id, { items: changed, proration_behavior: step.prorates })
    }
    case 'addOn': {
      const price = await addOnPrice(context, currency, step.every)
      return stripe.subscriptionItems.create({ subscription: id, price, proration_behavior: step.prorates })
    }
    case 'dropAddOn': {
      const other = items.data.find((item) => item.id !== plan?.id)
      return other ? stripe.subscriptionItems.del(other.id, { proration_behavior: step.prorates }) : false
    }
    case 'cancelAt': {
      const at = (plan?.current_period_end ?? 0) + (step.days ?? 0) * DAY
      if (step.days !== null && at <= context.sandbox.now()) return false
      return stripe.subscriptions.update(id, { cancel_at: step.days === null ? '' : at, proration_behavior: 'none' })
    }
    case 'freeTime': {
      if (status !== 'active') return false
      const trial_end = context.sandbox.now() + step.days * DAY
      return stripe.subscriptions.update(id, { trial_end, proration_behavior: 'none' })
    }
    case 'discount':
      if (step.coupon === 'less' && currency !== 'usd') return false
      return stripe.subscriptions.update(id, { discounts: step.coupon === 'none' ? '' : [{ coupon: step.coupon }] })
  }
}

const DAY = 86_400
