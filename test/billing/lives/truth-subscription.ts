import type Stripe from 'stripe'
import type { StripeForTests } from '../stripe.ts'
import { largest } from './truth-credits.ts'
import type { Prices } from './truth-lines.ts'

export interface TrueSubscription {
  plan: string
  interval: string | null
  intervalCount: number | null
  status: string | null
  /** Whether it ends at or within the plan's period. */
  cancelAtPeriodEnd: boolean
  /** Unix seconds. */
  cancelAt: number | null
  currentPeriodEnd: number | null
}

export const NONE: TrueSubscription = {
  ...{ plan: 'Free', interval: null, intervalCount: null, status: null },
  ...{ cancelAtPeriodEnd: false, cancelAt: null, currentPeriodEnd: null },
}

const LIVE = ['active', 'trialing', 'past_due', 'unpaid', 'paused']

/** @throws Error when more than one lives */
export async function liveSubscription({ stripe }: StripeForTests): Promise<Stripe.Subscription | null> {
  const all = await stripe.subscriptions.list({ status: 'all', limit: 100 }).autoPagingToArray({ limit: 10_000 })
  const [live, ...more] = all.filter(({ status }) => LIVE.includes(status))
  if (more.length > 0) throw new Error(`${more.length + 1} live subscriptions`)
  return live ?? null
}

/** The item of the plan: the largest plan among the items with a quantity, if there are any. */
export async function planItemOf(
  prices: Prices,
  { items }: Stripe.Subscription,
): Promise<Stripe.SubscriptionItem | null> {
  const sold = []
  for (const item of items.data) {
    const { plan } = await prices.of(item.price.id)
    if (plan) sold.push({ plan, item, end: item.current_period_end })
  }
  const some = sold.filter(({ item }) => item.quantity! > 0)
  return largest(some.length > 0 ? some : sold)?.item ?? null
}

export async function trueSubscription(context: StripeForTests, prices: Prices): Promise<TrueSubscription> {
  const live = await liveSubscription(context)
  if (!live) return NONE
  const item = (await planItemOf(prices, live))!
  const { price, plan } = await prices.of(item.price.id)
  const { cancel_at_period_end: endsWithPeriod, cancel_at: cancelAt, status, items } = live
  const { current_period_end: currentPeriodEnd, quantity } = item
  const nextEnd = Math.min(...items.data.map((one) => one.current_period_end))
  return {
    // A quantity of zero is no plan.
    plan: quantity === 0 ? 'Free' : plan!.name,
    interval: price.recurring!.interval,
    intervalCount: price.recurring!.interval_count,
    status,
    cancelAtPeriodEnd: endsWithPeriod || (cancelAt !== null && cancelAt <= currentPeriodEnd),
    cancelAt: cancelAt ?? (endsWithPeriod ? nextEnd : null),
    currentPeriodEnd,
  }
}
