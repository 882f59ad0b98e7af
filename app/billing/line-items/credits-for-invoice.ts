import type { Rollover } from '#models/credit-account.server.ts'
import { comesMonthly } from '../billing-interval.ts'
import { rolloverLimit } from '../plans.ts'
import { mainLine } from './main-line.ts'
import { creditsByLine, type LineCredits, type PackLine, type PlanLine, type SoldLine } from './sold-line.ts'

/** The credits of an invoice, and when they are added. */
export interface InvoiceCredits {
  /** Signed, over all lines. Negative if it refunds more unused time than it sells. */
  credits: number
  /** Unpaid credits of a trial's free line. */
  trialCredits: number
  /** Positive `credits` in parts: those of plans, and those of packs. */
  shares: Share[]
  byLine: LineCredits[]
}

export interface Share {
  credits: number
  /** Null: when it is paid. */
  effectiveAt: Date | null
  expiresAt: Date | null
  /** For plans. */
  rollover?: Rollover
  /** The pack lines, for packs. */
  packs?: PackLine[]
}

interface LifeOfCredits {
  gracePeriodDays: number
  paidAt?: Date | null
}

/** The gap between a period's end and the next paid invoice: Stripe finalizes an hour late; retries come days later. */
const RENEWAL_GAP_MS = 2 * 60 * 60 * 1000
const DAY_MS = 24 * 60 * 60 * 1000
/** Three years: the longest period that Stripe sells. */
const SHARES_MAX = 36

/**
 * How many credits an invoice buys, over all its lines, and when they are added. Both the preview and the result of a
 * plan change use this.
 * @param lines the lines of ours; others buy no credits
 * @param options `gracePeriodDays`: how long expiring credits outlive their period; `paidAt`: for a late payment
 * @throws CreditsNotComputable when the credits of a line cannot be determined
 */
export function creditsForInvoice(lines: readonly SoldLine[], options: LifeOfCredits): InvoiceCredits {
  const byLine = creditsByLine(lines)
  const ofPlans = sumOf(byLine.filter(({ line }) => line.kind === 'plan'))
  const ofPacks = sumOf(byLine.filter(({ line }) => line.kind === 'pack'))
  // A negative part is taken from the other one.
  const planCredits = ofPlans + Math.min(0, ofPacks)
  const packCredits = ofPacks + Math.min(0, ofPlans)
  const planShares = planCredits > 0 ? sharesOf(planCredits, lines.filter(isOfPlan), options) : []
  const packs = byLine.flatMap(({ line, credits }) => (line.kind === 'pack' && credits > 0 ? [line] : []))
  const packShares = packCredits > 0 ? [{ credits: packCredits, effectiveAt: null, expiresAt: null, packs }] : []
  return {
    credits: ofPlans + ofPacks,
    trialCredits: byLine.reduce((sum, { trialCredits }) => sum + trialCredits, 0),
    shares: [...planShares, ...packShares],
    byLine,
  }
}

/** The credits that can be spent as soon as the invoice is paid. */
export const creditsAtOnce = (shares: readonly Share[]): number =>
  shares.reduce((sum, { credits, effectiveAt }) => (effectiveAt === null ? sum + credits : sum), 0)

const isOfPlan = (line: SoldLine): line is PlanLine => line.kind === 'plan'
const sumOf = (lines: LineCredits[]): number => lines.reduce((sum, { credits }) => sum + credits, 0)

/** The number of shares and how long each lasts, by the policies of the invoice's plan. */
function sharesOf(
  credits: number,
  lines: readonly PlanLine[],
  { gracePeriodDays, paidAt = null }: LifeOfCredits,
): Share[] {
  const sold = mainLine(lines)
  if (!sold) return []
  const { plan, periodStart, periodEnd } = sold
  const starts = comesMonthly(plan, sold) ? monthStarts(periodStart, periodEnd) : [periodStart]
  const lasts = Math.max(gracePeriodDays * DAY_MS, RENEWAL_GAP_MS)
  const shares = starts.map((start, index) => {
    const end = starts[index + 1] ?? periodEnd
    // Credits of an invoice paid after its period would expire at once; they last as long from the payment instead.
    const late = paidAt && paidAt >= end ? paidAt.getTime() - start.getTime() : 0
    return {
      credits: partOf(credits, index, starts.length),
      effectiveAt: index === 0 ? null : start,
      expiresAt: plan.unusedCredits === 'expire' ? new Date(end.getTime() + lasts + late) : null,
      rollover: { plan: plan.name, limit: rolloverLimit(plan), periodStart: start, renews: index > 0 },
    }
  })
  return shares.filter((share) => share.credits > 0)
}

/** The parts add up to the whole and differ by at most one credit. */
const partOf = (whole: number, index: number, parts: number): number =>
  Math.floor((whole * (index + 1)) / parts) - Math.floor((whole * index) / parts)

/** The starts of a period's months, each counted from the period's start, so that the 31st does not drift. */
function monthStarts(start: Date, end: Date): Date[] {
  const starts: Date[] = []
  for (let months = 0; months < SHARES_MAX; months++) {
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
