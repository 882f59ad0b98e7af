import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { billingIntervalOf, monthsOf } from '../billing-interval.ts'
import { planOf } from '../entitlements/current-plan.ts'
import { StripeUnavailable } from '../errors.ts'
import { type Interval, type Plan, plans } from '../plans.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { hasLiveSubscription, isOverdue } from '../subscriptions/subscription-state.ts'
import { previewPlanChange } from './change-preview.server.ts'

interface Sum {
  /** In minor units. */
  amount: number
  currency: string
  credits: number
}

/** A plan that can start now. */
export interface PlanOffer {
  plan: Plan
  interval: Interval
  /** Charged and spendable at once; null if Stripe has not answered in time. */
  today: Sum | null
  /** Charge and credits of each later period; null if unknown. */
  renewal: Sum | null
  /** Days of free trial, or null. */
  trialDays: number | null
  /** The page where it is bought. */
  url: string
}

type Buyer = Pick<User, '_id' | 'subscription'>

/** Refusals wait for Stripe less than purchases do. */
const SECONDS = 3

/**
 * The plans that can start now, with price and credits: the list price without a plan, else the preview of the change.
 * Changes at period end are left out.
 * @param wanted which plans are worth asking Stripe about
 * @returns cheapest first
 */
export async function offerPlans(buyer: Buyer, wanted: (plan: Plan) => boolean): Promise<PlanOffer[]> {
  const candidates = plans
    .filter((plan) => plan.prices && wanted(plan))
    .sort((one, other) => one.prices!.month.amount - other.prices!.month.amount)
  if (!hasLiveSubscription(buyer.subscription)) return candidates.map((plan) => listed(plan, !buyer.subscription))
  const { status = '' } = buyer.subscription ?? {}
  const interval = intervalFor(buyer)
  // An open payment or a pause must be resolved first.
  if (!interval || status === 'paused' || isOverdue(status)) return []
  const current = planOf(buyer.subscription)
  const larger = candidates.filter(({ name, credits }) => name !== current.name && credits >= current.credits)
  const offers = await Promise.all(larger.map((plan) => changeTo(buyer, plan, interval)))
  return offers.filter((offer) => offer !== null)
}

function listed(plan: Plan, withTrial: boolean): PlanOffer {
  const { amount, currency } = plan.prices!.month
  const renewal = { amount, currency, credits: plan.credits }
  const trial = withTrial ? plan.trial : null
  return {
    ...{ plan, interval: 'month', renewal, trialDays: trial?.days ?? null },
    today: trial ? { amount: 0, currency, credits: trial.credits } : renewal,
    url: `/pricing?plan=${encodeURIComponent(plan.name)}`,
  }
}

/** The shortest interval on sale that is no shorter than the current one; shorter ones would start at period end. */
function intervalFor({ subscription }: Buyer): Interval | null {
  const billingInterval = billingIntervalOf(subscription)
  if (!billingInterval || monthsOf(billingInterval) > 12) return null
  return monthsOf(billingInterval) > 1 ? 'year' : 'month'
}

type Sums = Pick<PlanOffer, 'today' | 'renewal'>
const UNKNOWN: Sums = { today: null, renewal: null }

async function changeTo(buyer: Buyer, plan: Plan, interval: Interval): Promise<PlanOffer | null> {
  const sums = await remembered(`${String(buyer._id)} ${buyer.subscription?.version} ${plan.name} ${interval}`, () =>
    sumsOf(buyer, plan, interval),
  )
  const search = new URLSearchParams({ plan: plan.name, interval }).toString()
  return sums && { plan, interval, ...sums, trialDays: null, url: `/billing/change?${search}` }
}

/** @returns null if the change is not available at once */
async function sumsOf(buyer: Buyer, plan: Plan, interval: Interval): Promise<Sums | null> {
  try {
    const preview = await withDeadline(() => previewPlanChange(buyer, { plan: plan.name, interval }), SECONDS)
    const { when, amountDue, currency, creditsAtOnce, after } = preview
    if (when !== 'now') return null
    const { price } = after
    // Tax on top is unknown.
    const renewal = price?.isExact ? { amount: price.amount, currency: price.currency, credits: price.credits } : null
    return { today: { amount: amountDue, currency, credits: Math.max(0, creditsAtOnce) }, renewal }
  } catch (error) {
    // Otherwise the change is not available: a payment is open, or the price lacks the currency.
    return error instanceof StripeUnavailable ? UNKNOWN : null
  }
}

/** A caller refused a hundred times a minute asks Stripe once; a changed subscription asks again. */
const answers = new Map<string, { at: number; sums: Promise<Sums | null> }>()
const KEPT_FOR_MS = 60_000
const KEPT_MAX = 1_000

function remembered(key: string, ask: () => Promise<Sums | null>): Promise<Sums | null> {
  const at = now().getTime()
  const known = answers.get(key)
  if (known && Math.abs(at - known.at) < KEPT_FOR_MS) return known.sums
  if (answers.size >= KEPT_MAX) answers.clear()
  const sums = ask()
  answers.set(key, { at, sums })
  return sums
}
