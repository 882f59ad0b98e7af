import { addMonths } from '../line-items/credits-for-invoice.ts'
import type { StripePhase, StripeSchedule } from '../stripe/objects/schedule.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import type { StripeDiscount, StripeTermItem, StripeTerms } from '../stripe/objects/terms.ts'

/** What a subscription is charged for when a period starts. */
export interface PeriodToCome {
  at: Date
  currency: string
  items: PeriodPart[]
  /** The subscription's discounts; their ends decide whether they still apply then. */
  discounts: StripeDiscount[]
  /** Tax is added to the items' prices. */
  hasTaxOnTop: boolean
}

export type PeriodPart = Pick<StripeTermItem, 'price' | 'quantity' | 'discounts'>

/** Statuses in which periods renew. An overdue payment does not stop the next one. */
const CHARGED = new Set(['active', 'trialing', 'past_due'])

/**
 * The next period that a subscription is charged for, by the subscription and its schedule.
 * @returns null where nothing is charged, or an unknown amount, as for metered items; `irregular` where the invoice has
 * more or less on it than the subscription's items
 */
export function periodToCome(
  subscription: StripeSubscription,
  schedule: StripeSchedule | null,
): PeriodToCome | 'irregular' | null {
  const { terms, status } = subscription
  const at = terms && CHARGED.has(status) ? startOf(subscription, terms) : null
  if (!terms || !at || endsBy(subscription, schedule, at) || isUncollected(subscription, at)) return null
  const period = partsAt(terms, schedule, at)
  if (period === 'irregular') return period
  if (period.items.some(({ price }) => price.isMetered)) return null
  const isCutShort = subscription.cancelAt !== null && subscription.cancelAt < endOf(period)
  // A trial before a fixed billing date is followed by a partial period.
  const isAnchoredLater = status === 'trialing' && terms.anchor !== null && terms.anchor > at
  return terms.isIrregular || isCutShort || isAnchoredLater ? 'irregular' : period
}

function startOf({ status, trialEnd }: StripeSubscription, { items }: StripeTerms): Date | null {
  if (status === 'trialing') return trialEnd
  const ends = items.map(({ periodEnd }) => periodEnd?.getTime() ?? Infinity)
  const first = Math.min(...ends)
  return Number.isFinite(first) ? new Date(first) : null
}

function endsBy({ hasCancelFlag, cancelAt }: StripeSubscription, schedule: StripeSchedule | null, at: Date): boolean {
  if (hasCancelFlag || (cancelAt && cancelAt <= at)) return true
  return Boolean(schedule?.cancelsAtEnd && schedule.endDate && schedule.endDate <= at)
}

/** Payment collection is paused at that time. */
export function isUncollected(
  { isCollectionPaused, collectionResumesAt: until }: StripeSubscription,
  at: Date,
): boolean {
  return isCollectionPaused && !(until && until <= at)
}

/** A scheduled smaller plan is charged from the end of the period. */
function partsAt(terms: StripeTerms, schedule: StripeSchedule | null, at: Date): PeriodToCome | 'irregular' {
  const phase = schedule?.coming[0] ?? null
  if (phase && phase.startDate < at) return 'irregular'
  if (phase && phase.startDate.getTime() === at.getTime()) return partsOfPhase(terms, phase)
  const due = terms.items.filter(({ periodEnd }) => periodEnd === null || periodEnd <= at)
  return periodOf(terms, at, due)
}

/** What a subscription's items charge from a moment on. */
export function periodOf(terms: StripeTerms, at: Date, items: StripeTerms['items']): PeriodToCome {
  return {
    at,
    currency: terms.currency,
    items,
    discounts: terms.discounts,
    hasTaxOnTop:
      terms.hasTaxOnTop ||
      items.some(({ hasTaxOnTop }) => hasTaxOnTop) ||
      (terms.hasAutomaticTax && items.some(({ price }) => !price.containsTax)),
  }
}

function partsOfPhase(terms: StripeTerms, phase: StripePhase): PeriodToCome | 'irregular' {
  const inUse = [...terms.discounts, ...terms.items.flatMap(({ discounts }) => discounts)]
  // A coupon that starts with the phase applies to its first period, whatever its duration.
  const discountsOf = (named: StripePhase['discounts']): StripeDiscount[] =>
    named.map(
      ({ couponId, discountId }) =>
        inUse.find(({ id }) => id === discountId) ?? { id: discountId ?? '', couponId, end: null },
    )
  const items = phase.items.flatMap(({ price, quantity, discounts, hasTaxOnTop }) =>
    price ? [{ price, quantity, discounts: discountsOf(discounts), hasTaxOnTop, periodEnd: null }] : [],
  )
  if (phase.isIrregular || items.length < phase.items.length) return 'irregular'
  const ofPhase = {
    ...terms,
    discounts: discountsOf(phase.discounts),
    hasTaxOnTop: terms.hasTaxOnTop || phase.hasTaxOnTop,
    hasAutomaticTax: terms.hasAutomaticTax || phase.hasAutomaticTax,
  }
  // An item mid-period is charged when its period ends.
  const isRunning = ({ price }: PeriodPart): boolean =>
    terms.items.some((one) => one.price.id === price.id && one.periodEnd !== null && one.periodEnd > phase.startDate)
  const due = items.filter((item) => !isRunning(item))
  return periodOf(ofPhase, phase.startDate, due)
}

/** When the shortest of its items ends. */
export function endOf({ at, items }: Pick<PeriodToCome, 'at' | 'items'>): Date {
  const ends = items.map(({ price }) => afterInterval(at, price.interval, price.intervalCount).getTime())
  return new Date(Math.min(...ends))
}

const DAY_MS = 24 * 60 * 60 * 1000

function afterInterval(start: Date, interval: StripeTermItem['price']['interval'], count: number): Date {
  if (interval === 'month' || interval === 'year') return addMonths(start, interval === 'year' ? 12 * count : count)
  return new Date(start.getTime() + (interval === 'week' ? 7 : 1) * count * DAY_MS)
}
