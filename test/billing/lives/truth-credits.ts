import type Stripe from 'stripe'
import { plans, type Plan } from '#app/billing/plans.ts'
import { isAtLeast, ratio } from './ratio.ts'
import { isTrial, linesOf, monthsOf, type Prices, type TrueLine } from './truth-lines.ts'

/*
 * What an invoice buys and when its credits start, computed differently from the app: dates by counting months.
 */

export interface TrueShare {
  credits: number
  /** Unix seconds; null is at payment, or never. */
  effectiveAt: number | null
  expiresAt: number | null
  /** Unix seconds: the start of the time that they are for; null for packs. */
  from: number | null
}

export interface TrueCredits {
  lines: TrueLine[]
  /** The line that the invoice is about. */
  main: TrueLine | null
  /** Signed; all credits paid for. */
  credits: number
  trialCredits: number
  shares: TrueShare[]
  /** The most that may be left of the plan's credits when a later period begins. */
  limit: { plan: string; cap: number | null } | null
  /** The first share begins a period, each later one a month. */
  isRenewal: boolean
}

const GRACE = 3 * 86_400

export async function trueCredits(prices: Prices, invoice: Stripe.Invoice): Promise<TrueCredits> {
  const lines = await linesOf(prices, invoice)
  const main = mainOf(lines)
  const [ofPlans, ofPacks] = [sum(lines.filter(({ plan }) => plan)), sum(lines.filter(({ pack }) => pack))]
  const isFirst = invoice.billing_reason === 'subscription_create'
  const trials = isFirst ? lines.filter(isTrial) : []
  const policy = main?.plan?.unusedCredits
  // If the plan lines take credits, the packs grant that many fewer, and the other way round.
  const planCredits = ofPlans + Math.min(0, ofPacks)
  const packCredits = ofPacks + Math.min(0, ofPlans)
  const packs = { credits: packCredits, effectiveAt: null, expiresAt: null, from: null }
  return {
    lines,
    main,
    credits: ofPlans + ofPacks,
    trialCredits: trials.reduce((all, { plan, quantity }) => all + (plan!.trial?.credits ?? 0) * quantity, 0),
    shares: [
      ...(main && planCredits > 0 ? sharesOf(planCredits, main, invoice.status_transitions.paid_at) : []),
      ...(packCredits > 0 ? [packs] : []),
    ],
    limit: main && { plan: main.plan!.name, cap: typeof policy === 'object' ? policy.cap : null },
    isRenewal: invoice.billing_reason === 'subscription_cycle',
  }
}

const sum = (lines: TrueLine[]): number => lines.reduce((all, { credits }) => all + credits, 0)

/** Lines of the new period come first, then charges for the rest of one, then credits for unused time. */
function mainOf(lines: TrueLine[]): TrueLine | null {
  const ofPlans = lines.filter(({ plan }) => plan)
  const kinds = [
    ofPlans.filter(({ isProration, amount, quantity }) => !isProration && amount >= 0 && quantity > 0),
    ofPlans.filter(({ amount }) => amount > 0),
    ofPlans,
  ]
  const found = kinds.find((some) => some.length > 0) ?? []
  return largest(found.map((line) => ({ plan: line.plan!, end: line.period.end, line })))?.line ?? null
}

/** Of several plans: the most credits, then the later in the plan file, then the one whose period ends later. */
export function largest<T extends { plan: Plan; end: number }>(all: T[]): T | null {
  const rank = ({ plan }: T) => plan.credits * 1000 + plans.indexOf(plan)
  return [...all].sort((one, other) => rank(other) - rank(one) || other.end - one.end)[0] ?? null
}

function sharesOf(credits: number, { plan, interval, period }: TrueLine, paidAt: number | null): TrueShare[] {
  const { start, end } = period
  const { unusedCredits, yearlyCredits } = plan!
  // Paid after its time was over: it lasts as long from the payment.
  const late = (from: number, until: number) => (paidAt !== null && paidAt >= until ? paidAt - from : 0)
  const starts = [start]
  if (yearlyCredits === 'monthly' && !isAtLeast(ratio(1), monthsOf(interval!)))
    for (let month = 1; monthAfter(start, month) < end; month++) starts.push(monthAfter(start, month))
  return starts
    .map((from, index) => {
      const until = starts[index + 1] ?? end
      return {
        credits: upTo(credits, index + 1, starts.length) - upTo(credits, index, starts.length),
        effectiveAt: index === 0 ? null : from,
        expiresAt: unusedCredits === 'expire' ? until + GRACE + late(from, until) : null,
        from,
      }
    })
    .filter((share) => share.credits > 0)
}

const upTo = (whole: number, parts: number, of: number): number => Math.floor((whole * parts) / of)

/** The same day of the month, or the month's last. */
export function monthAfter(start: number, months: number): number {
  const date = new Date(start * 1000)
  const day = date.getUTCDate()
  date.setUTCMonth(date.getUTCMonth() + months)
  if (date.getUTCDate() !== day) date.setUTCDate(0)
  return date.getTime() / 1000
}
