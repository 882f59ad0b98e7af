import { type BillingInterval, isSameBillingInterval } from '../billing-interval.ts'
import { findPriceIn } from '../catalog/prices.server.ts'
import type { StripeTermItem, StripeTerms } from '../stripe/objects/terms.ts'
import type { LiveSubscription } from '../subscriptions/live-subscription.server.ts'
import type { PlanItem } from '../subscriptions/plan-item.server.ts'
import { hasPendingItems } from '../upcoming-invoice/next-payment.server.ts'
import {
  type Counts,
  type NextPayment,
  paymentFor,
  type PeriodPrice,
  priceOfPeriod,
} from '../upcoming-invoice/period-charge.server.ts'
import { endOf, isUncollected, periodOf } from '../upcoming-invoice/upcoming-period.ts'
import { endWithoutCancellation } from './cancel.server.ts'
import type { Target } from './change-target.server.ts'

/** What a subscription charges after a plan change. Null if it cannot be computed to the cent. */
export interface ChargesAfter {
  /** The first payment after the change, if all items share one interval. */
  next: NextPayment | null
  /** Each later payment, over all items with the plan's interval. */
  price: PeriodPrice | null
}

/**
 * What a subscription will charge and grant with another plan: its own quantity, currency, coupons and other items,
 * with the target's price for the plan.
 * @param first `at`: when the first payment after the change is due; `isChargedNow`: the change itself is invoiced, and
 * what waited for the next invoice with it
 * @throws StripeUnavailable
 */
export async function chargesAfter(
  running: LiveSubscription,
  target: Pick<Target, 'priceId'>,
  { at, isChargedNow }: { at: Date | null; isChargedNow: boolean },
): Promise<ChargesAfter> {
  const { terms: before } = running.subscription
  const price = before && (await findPriceIn(target.priceId, before.currency))?.recurring
  if (!before || !price) return { next: null, price: null }
  const terms = { ...before, items: itemsWith(before, running.item, price) }
  const each = await priceOfPlan(terms, price)
  return {
    price: each,
    next: each && at && (await firstPayment(running, terms, { billingInterval: price, at, isChargedNow })),
  }
}

/** The plan's item gets the target price; everything else stays. */
const itemsWith = ({ items }: StripeTerms, plan: PlanItem, price: StripeTermItem['price']): StripeTermItem[] =>
  items.map((one) => (one.price.id === plan.priceId ? { ...one, price, quantity: plan.quantity } : one))

/** Items with another interval are charged on their own dates. */
const withInterval = ({ items }: StripeTerms, billingInterval: BillingInterval): StripeTermItem[] =>
  items.filter(({ price }) => isSameBillingInterval(price, billingInterval))

async function priceOfPlan(terms: StripeTerms, billingInterval: BillingInterval): Promise<PeriodPrice | null> {
  const items = withInterval(terms, billingInterval)
  // How a coupon divides over them depends on what is charged on the same day.
  if (items.length < terms.items.length && terms.discounts.length > 0) return null
  return priceOfPeriod({ ...terms, items })
}

async function firstPayment(
  running: LiveSubscription,
  terms: StripeTerms,
  { billingInterval, at, isChargedNow }: { billingInterval: StripeTermItem['price']; at: Date; isChargedNow: boolean },
): Promise<NextPayment | null> {
  const { subscription } = running
  const { items } = terms
  const period = periodOf(terms, at, items)
  const end = endWithoutCancellation(running)
  const isCutShort = end !== null && end < endOf(period)
  const isMixed = withInterval(terms, billingInterval).length < items.length
  // An add-on mid-period is charged when its period ends.
  const isApart = items.some(
    ({ price, periodEnd }) => price.id !== billingInterval.id && periodEnd?.getTime() !== at.getTime(),
  )
  const isAnchoredLater = subscription.status === 'trialing' && terms.anchor !== null && terms.anchor > at
  if (isCutShort || isMixed || isApart || isAnchoredLater || terms.isIrregular || isUncollected(subscription, at))
    return null
  if (!isChargedNow && (await hasPendingItems(subscription))) return null
  // Only Stripe knows whether the change's own invoice uses up a one-time coupon.
  const counts: Counts = ({ end }, { isOnce }) => (isOnce && isChargedNow ? null : end === null || end > at)
  return paymentFor(period, counts)
}
