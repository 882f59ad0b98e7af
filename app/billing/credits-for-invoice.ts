import type { Interval, Plan } from './plans.ts'
import { CreditsNotComputable } from './errors.ts'

/** A line of an invoice whose price is one of a plan's. */
export interface PlanLine {
  plan: Plan
  interval: Interval
  /**
   * Before discounts, without tax on top; negative for the unused part of what was paid before. Prorations of a
   * subscription that does not itemize their discounts are net of them, and Stripe does not say of how much.
   */
  amount: number
  /** What one of the price costs in the line's currency, as Stripe's decimal; null where it has no single amount. */
  unitAmount: string | null
  quantity: number
  proration: boolean
  periodStart: Date
  periodEnd: Date
}

/** Credits that an invoice brings, and when. */
export interface InvoiceCredits {
  /** Signed, over all lines. Below zero when it gives back more unused time than it sells. */
  credits: number
  /** Credits of a trial's free line, which are not paid for. */
  trialCredits: number
  /** `credits` where they are above zero, in parts; a null time means at payment. */
  shares: { credits: number; effectiveAt: Date | null; expiresAt: Date | null }[]
}

interface LifeOfCredits {
  gracePeriodDays: number
  paidAt?: Date | null
}

/** Between a period's end and the next one's paid invoice: Stripe finalizes an hour late, a retry comes days later. */
const RENEWAL_GAP_MS = 2 * 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
const MONTHS: Record<Interval, number> = { month: 1, year: 12 }

/**
 * How many credits an invoice buys: over its lines, plan credits × line amount ÷ price amount, as one exact fraction
 * that is rounded toward zero once. Prorations of either sign, quantities and yearly prices need no special case.
 * Preview and result of a plan change both come from here.
 * @param lines the lines with plan prices; others buy no credits
 * @param options `gracePeriodDays`: how long credits that expire outlive their period; `paidAt`: when it was paid, for one
 * that was paid when its period was over
 * @throws CreditsNotComputable when a price has no single amount, or none at all
 */
export function creditsForInvoice(lines: readonly PlanLine[], options: LifeOfCredits): InvoiceCredits {
  let numerator = 0n
  let denominator = 1n
  let trialCredits = 0
  for (const line of lines) {
    if (isTrialLine(line)) {
      trialCredits += (line.plan.trial?.credits ?? 0) * line.quantity
      continue
    }
    const price = parseDecimal(line.unitAmount)
    if (price === null || price.numerator <= 0n) {
      throw new CreditsNotComputable(`A price of the ${line.plan.name} plan has no amount to divide by.`)
    }
    const credits = BigInt(line.plan.credits) * BigInt(MONTHS[line.interval])
    numerator = numerator * price.numerator + credits * BigInt(line.amount) * price.denominator * denominator
    denominator *= price.numerator
  }
  // BigInt division drops the fraction: that is toward zero on both sides of it.
  const credits = Number(numerator / denominator)
  return { credits, trialCredits, shares: credits > 0 ? sharesOf(credits, lines, options) : [] }
}

/** A trial's line costs nothing though its price does. */
function isTrialLine(line: PlanLine): boolean {
  const price = parseDecimal(line.unitAmount)
  return line.amount === 0 && !line.proration && line.quantity > 0 && price !== null && price.numerator > 0n
}

/** In how many parts the credits come, and how long each lasts: the policies of the plan that the invoice sells. */
function sharesOf(
  credits: number,
  lines: readonly PlanLine[],
  { gracePeriodDays, paidAt = null }: LifeOfCredits,
): InvoiceCredits['shares'] {
  const sold = lines.reduce((most, line) => (line.amount > most.amount ? line : most))
  const { plan, interval, periodStart, periodEnd } = sold
  const monthly = interval === 'year' && plan.yearlyCredits === 'monthly'
  const starts = monthly ? monthStarts(periodStart, periodEnd) : [periodStart]
  // What is paid when its period is over would be gone as it comes: it then lasts as long from the payment.
  const late = paidAt && paidAt >= periodEnd ? paidAt.getTime() - periodStart.getTime() : 0
  const lasts = Math.max(gracePeriodDays * DAY_MS, RENEWAL_GAP_MS) + late
  const shares = starts.map((start, index) => {
    const end = starts[index + 1] ?? periodEnd
    return {
      credits: partOf(credits, index, starts.length),
      effectiveAt: index === 0 ? null : start,
      expiresAt: plan.unusedCredits === 'expire' ? new Date(end.getTime() + lasts) : null,
    }
  })
  return shares.filter((share) => share.credits > 0)
}

/** The parts add up to the whole, and no two differ by more than one credit. */
const partOf = (whole: number, index: number, parts: number): number =>
  Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts)

/** The starts of the months of a period, each counted from its beginning, so that the 31st does not drift. */
function monthStarts(start: Date, end: Date): Date[] {
  const starts: Date[] = []
  for (let months = 0; months < 12; months++) {
    const next = addMonths(start, months)
    if (next >= end) break
    starts.push(next)
  }
  return starts.length > 0 ? starts : [start]
}

/**
 * Adds months in UTC, and stays in the month: 31 January and one month is the last of February.
 * @param anchor where to count from; never the result of an earlier addition
 */
export function addMonths(anchor: Date, months: number): Date {
  const lastDay = new Date(Date.UTC(anchor.getUTCFullYear(), anchor.getUTCMonth() + months + 1, 0)).getUTCDate()
  const result = new Date(anchor)
  result.setUTCDate(1)
  result.setUTCMonth(anchor.getUTCMonth() + months)
  result.setUTCDate(Math.min(anchor.getUTCDate(), lastDay))
  return result
}

function parseDecimal(value: string | null): { numerator: bigint; denominator: bigint } | null {
  const match = /^(-?\d+)(?:\.(\d+))?$/.exec(value ?? '')
  if (!match) return null
  const fraction = match[2] ?? ''
  return { numerator: BigInt(`${match[1]}${fraction}`), denominator: 10n ** BigInt(fraction.length) }
}
