import { CreditsNotComputable } from '../errors.ts'
import { add, type Fraction, NOTHING, parseDecimal, times, whole, wholePart } from '../../fraction.ts'
import type { Pack, Plan } from '../plans.ts'
import { monthsIn, type Rhythm } from '../billing-interval.ts'

interface LineOfOurs {
  /** Stripe's id of the line, by which a credit note names it. */
  id: string
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

/** A line whose price is one of a plan's. */
export interface PlanLine extends LineOfOurs, Rhythm {
  kind: 'plan'
  plan: Plan
}

/** A line whose price is one of a credit pack's. */
export interface PackLine extends LineOfOurs {
  kind: 'pack'
  pack: Pack
}

/** A line whose price is tagged as ours and sells nothing that the plan file has. */
export interface UnknownLine extends LineOfOurs {
  kind: 'unknown'
  priceId: string
}

/** A line of an invoice, or of a checkout, whose price is one of ours. */
export type SoldLine = PlanLine | PackLine | UnknownLine

/** What one line brings. */
export interface LineCredits {
  line: SoldLine
  /** Signed: a line that gives unused time back takes credits. */
  credits: number
  /** Credits of a trial, which is not paid for. */
  trialCredits: number
}

/**
 * How many credits each line brings: for a plan its credits × months × line amount ÷ price amount, so that prorations of
 * either sign, quantities and prices of any rhythm need no special case; for a pack its credits × quantity. The sum over
 * all lines is rounded toward zero once, and the lines with the largest fractions take the credits that rounding each of
 * them would have lost, so that they add up to that sum.
 * @param lines lines of ours, from `soldLines`
 * @throws CreditsNotComputable when a line cannot be said to bring anything without guessing
 */
export function creditsByLine(lines: readonly SoldLine[]): LineCredits[] {
  const worth = lines.map((line) => (isTrialLine(line) ? NOTHING : worthOf(line)))
  const credits = worth.map(wholePart)
  let left = wholePart(worth.reduce(add, NOTHING)) - credits.reduce((sum, one) => sum + one, 0)
  const step = Math.sign(left)
  const rests = worth.map(({ over, under }) => Number(over % under) / Number(under))
  const byRest = lines.map((_, index) => index).sort((a, b) => step * (rests[b]! - rests[a]!))
  for (const index of byRest) {
    if (left === 0) break
    credits[index]! += step
    left -= step
  }
  return lines.map((line, index) => ({ line, credits: credits[index]!, trialCredits: trialCreditsOf(line) }))
}

/** A trial's line costs nothing though its price does. */
export const isTrialLine = (line: SoldLine): boolean =>
  line.kind === 'plan' && line.amount === 0 && !line.proration && line.quantity > 0 && isAboveZero(line.unitAmount)

const trialCreditsOf = (line: SoldLine): number =>
  line.kind === 'plan' && isTrialLine(line) ? (line.plan.trial?.credits ?? 0) * line.quantity : 0

function worthOf(line: SoldLine): Fraction {
  switch (line.kind) {
    case 'plan': {
      const ofOne = times(whole(line.plan.credits), monthsIn(line))
      // A price of $0 brings what a coupon for everything would leave.
      if (isFree(line)) return times(ofOne, whole(line.quantity))
      return times(ofOne, shareOf(line, `the ${line.plan.name} plan`))
    }
    case 'pack': {
      const { pack, amount, proration, quantity } = line
      const isWhole = !proration && (amount > 0 || isFree(line))
      return times(whole(pack.credits), isWhole ? whole(quantity) : shareOf(line, `the pack ${pack.id}`))
    }
    case 'unknown':
      if (line.amount === 0) return NOTHING
      throw new CreditsNotComputable(`The price ${line.priceId} is tagged as ours, and the plan file does not have it.`)
  }
}

/** A full line of a price of $0; of a proration of one, nobody can say which share of the period it is. */
function isFree({ amount, proration, unitAmount }: SoldLine): boolean {
  const price = parseDecimal(unitAmount)
  return amount === 0 && !proration && price !== null && price.over === 0n
}

/** The line's amount as a share of what one costs. */
function shareOf({ amount, unitAmount }: SoldLine, name: string): Fraction {
  if (amount === 0) return NOTHING
  const price = parseDecimal(unitAmount)
  if (price === null || price.over <= 0n) {
    throw new CreditsNotComputable(`A price of ${name} has no amount to divide by.`)
  }
  return { over: BigInt(amount) * price.under, under: price.over }
}

function isAboveZero(unitAmount: string | null): boolean {
  const price = parseDecimal(unitAmount)
  return price !== null && price.over > 0n
}
