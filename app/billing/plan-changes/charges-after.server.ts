import { endWithoutCancellation } from './cancel.server.ts'
import type { Target } from './change-target.server.ts'
import { hasPendingItems } from '../upcoming-invoice/next-payment.server.ts'
import {
  type Counts,
  type NextPayment,
  paymentFor,
  type PeriodPrice,
  priceOfPeriod,
} from '../upcoming-invoice/period-charge.server.ts'
import { endOf, isUncollected, periodOf } from '../upcoming-invoice/upcoming-period.ts'
import type { PlanItem } from '../subscriptions/plan-item.server.ts'
import { findPriceIn } from '../catalog/prices.server.ts'
import { isSameRhythm, type Rhythm } from '../billing-interval.ts'
import type { LiveSubscription } from '../subscriptions/live-subscription.server.ts'
import type { StripeTermItem, StripeTerms } from '../stripe/objects/terms.ts'

/** What a subscription charges after a change of plan. Null is what cannot be said to the cent. */
export interface ChargesAfter {
  /** The first payment after the change, where everything is paid by one interval. */
  next: NextPayment | null
  /** Each of those that follow, of all that is paid by the plan's interval. */
  price: PeriodPrice | null
}

/**
 * What a subscription will charge and bring with another plan: its own quantity, currency, coupons and other items, with
 * the target's price in the place of the plan's.
 * @param running the subscription as it is
 * @param target whose price it will be
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
  return { price: each, next: each && at && (await firstPayment(running, terms, { rhythm: price, at, isChargedNow })) }
}

/** The plan's item sells the target; all else stays as it is. */
const itemsWith = ({ items }: StripeTerms, plan: PlanItem, price: StripeTermItem['price']): StripeTermItem[] =>
  items.map((one) => (one.price.id === plan.priceId ? { ...one, price, quantity: plan.quantity } : one))

/** Items of another interval are charged on days of their own. */
const withInterval = ({ items }: StripeTerms, rhythm: Rhythm): StripeTermItem[] =>
  items.filter(({ price }) => isSameRhythm(price, rhythm))

async function priceOfPlan(terms: StripeTerms, rhythm: Rhythm): Promise<PeriodPrice | null> {
  const items = withInterval(terms, rhythm)
  // How much of a coupon falls on which of them depends on what is charged on the same day.
  if (items.length < terms.items.length && terms.discounts.length > 0) return null
  return priceOfPeriod({ ...terms, items })
}

async function firstPayment(
  running: LiveSubscription,
  terms: StripeTerms,
  { rhythm, at, isChargedNow }: { rhythm: StripeTermItem['price']; at: Date; isChargedNow: boolean },
): Promise<NextPayment | null> {
  const { subscription } = running
  const { items, discounts } = terms
  const period = periodOf(terms, { at, items, discounts })
  const end = endWithoutCancellation(running)
  const isCutShort = end !== null && end < endOf(period)
  const isMixed = withInterval(terms, rhythm).length < items.length
  // An add-on in the middle of its own period is charged when that period ends.
  const isApart = items.some(({ price, periodEnd }) => price.id !== rhythm.id && periodEnd?.getTime() !== at.getTime())
  const isAnchoredLater = subscription.status === 'trialing' && terms.anchor !== null && terms.anchor > at
  if (isCutShort || isMixed || isApart || isAnchoredLater || terms.isIrregular || isUncollected(subscription, at))
    return null
  if (!isChargedNow && (await hasPendingItems(subscription))) return null
  // Whether the invoice of the change itself uses up a coupon for one invoice is for Stripe to say.
  const counts: Counts = ({ end }, { isOnce }) => (isOnce && isChargedNow ? null : end === null || end > at)
  return paymentFor(period, counts)
}
