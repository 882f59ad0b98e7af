import type Stripe from 'stripe'
import { findPlan, type Plan } from '#app/billing/plans.ts'
import type { StripeForTests } from '../stripe.ts'

/*
 * What an invoice buys, worked out a second time from the contract alone and by another way than the app: line by line
 * as exact fractions, dates by counting months.
 */

export interface TrueShare {
  credits: number
  /** Unix seconds; null is at payment, or never. */
  effectiveAt: number | null
  expiresAt: number | null
  /** Unix seconds: when the time began that they are for. */
  from: number
}

export interface TrueCredits {
  /** Signed, paid for. */
  credits: number
  trialCredits: number
  shares: TrueShare[]
  /** The most that may be left of these and others like them when a later period begins. */
  limit: { plan: string; cap: number | null } | null
  /** A period begins with the first share; with each later one a month does. */
  isRenewal: boolean
}

const GRACE = 3 * 86_400

interface Sold {
  plan: Plan
  isYear: boolean
  price: Stripe.Price
  line: Stripe.InvoiceLineItem
}

export async function trueCredits({ stripe }: StripeForTests, invoice: Stripe.Invoice): Promise<TrueCredits> {
  const sold: Sold[] = []
  for (const line of invoice.lines.data) {
    const id = line.pricing?.price_details?.price
    if (!id) continue
    const price = await stripe.prices.retrieve(typeof id === 'string' ? id : id.id)
    const plan = findPlan(price.metadata.plan ?? '')
    if (plan) sold.push({ plan, isYear: price.recurring?.interval === 'year', price, line })
  }
  const isTrial = ({ line, price }: Sold) => line.amount === 0 && price.unit_amount! > 0 && !prorates(line)
  const paid = sold.filter((one) => !isTrial(one))
  const credits = wholePart(
    paid.map(({ plan, isYear, price, line }) => [plan.credits * (isYear ? 12 : 1) * line.amount, price.unit_amount!]),
  )
  const isFirst = invoice.billing_reason === 'subscription_create'
  const trialCredits = isFirst
    ? sold.filter(isTrial).reduce((sum, { plan, line }) => sum + (plan.trial?.credits ?? 0) * (line.quantity ?? 1), 0)
    : 0
  const main = sold.reduce<Sold | null>((most, one) => (!most || one.line.amount > most.line.amount ? one : most), null)
  const policy = main?.plan.unusedCredits
  return {
    credits,
    trialCredits,
    shares: main && credits > 0 ? sharesOf(credits, main, invoice.status_transitions.paid_at) : [],
    limit: main && { plan: main.plan.name, cap: typeof policy === 'object' ? policy.cap : null },
    isRenewal: invoice.billing_reason === 'subscription_cycle',
  }
}

const prorates = (line: Stripe.InvoiceLineItem): boolean =>
  line.parent?.subscription_item_details?.proration ?? line.parent?.invoice_item_details?.proration ?? false

/** A sum of fractions, cut to its whole part toward zero. */
function wholePart(fractions: [over: number, under: number][]): number {
  const common = fractions.reduce((product, [, under]) => product * BigInt(under), 1n)
  const sum = fractions.reduce((total, [over, under]) => total + (BigInt(over) * common) / BigInt(under), 0n)
  return Number(sum / common)
}

function sharesOf(credits: number, { plan, isYear, line }: Sold, paidAt: number | null): TrueShare[] {
  const { start, end } = line.period
  // Paid when its time was over: it lasts as long from then.
  const late = (from: number, until: number) => (paidAt !== null && paidAt >= until ? paidAt - from : 0)
  const starts = [start]
  if (isYear && plan.yearlyCredits === 'monthly')
    for (let month = 1; month < 12 && monthAfter(start, month) < end; month++) starts.push(monthAfter(start, month))
  return starts
    .map((from, index) => {
      const until = starts[index + 1] ?? end
      return {
        credits: upTo(credits, index + 1, starts.length) - upTo(credits, index, starts.length),
        effectiveAt: index === 0 ? null : from,
        expiresAt: plan.unusedCredits === 'expire' ? until + GRACE + late(from, until) : null,
        from,
      }
    })
    .filter((share) => share.credits > 0)
}

const upTo = (whole: number, parts: number, of: number): number => Math.floor((whole * parts) / of)

/** The same day of the month, or the month's last. */
function monthAfter(start: number, months: number): number {
  const date = new Date(start * 1000)
  const day = date.getUTCDate()
  date.setUTCMonth(date.getUTCMonth() + months)
  if (date.getUTCDate() !== day) date.setUTCDate(0)
  return date.getTime() / 1000
}
