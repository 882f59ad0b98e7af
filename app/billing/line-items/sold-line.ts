import { add, type Fraction, NOTHING, parseDecimal, times, whole, wholePart } from '../../fraction.ts'
import { type BillingInterval, monthsIn } from '../billing-interval.ts'
import { CreditsNotComputable } from '../errors.ts'
import type { Pack, Plan } from '../plans.ts'

interface LineOfOurs {
  /** Stripe's line ID, which credit notes refer to. */
  id: string
  /**
   * Before discounts, without tax on top; negative for unused time. Prorations of a subscription that does not itemize
   * discounts are net of them, and Stripe does not say by how much.
   */
  amount: number
  /** Unit amount in the line's currency, as Stripe's decimal; null if it has no single amount. */
  unitAmount: string | null
  quantity: number
  proration: boolean
  periodStart: Date
  periodEnd: Date
}

/** A line with a plan's price. */
export interface PlanLine extends LineOfOurs, BillingInterval {
  kind: 'plan'
  plan: Plan
}

/** A line with a credit pack's price. */
export interface PackLine extends LineOfOurs {
  kind: 'pack'
  pack: Pack
}

/** A line whose price has our tag and matches nothing in the plan file. */
export interface UnknownLine extends LineOfOurs {
  kind: 'unknown'
  priceId: string
}

/** A line of an invoice or a checkout with a price of ours. */
export type SoldLine = PlanLine | PackLine | UnknownLine

/** The credits of one line. */
export interface LineCredits {
  line: SoldLine
  /** Signed: a refund of unused time takes credits. */
  credits: number
  /** Credits of a trial, which are not paid for. */
  trialCredits: number
}

/**
 * The credits of each line: for a plan its credits × months × line amount ÷ price amount, so that prorations,
 * quantities and any billing interval need no special case; for a pack its credits × quantity. The sum over all lines
 * is rounded toward zero once; lines with the largest fractions take the remainder, so that the lines add up to that
 * sum.
 * @throws CreditsNotComputable when the credits of a line cannot be determined
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

/** A trial's line costs nothing although its price does. */
export const isTrialLine = (line: SoldLine): boolean =>
  line.kind === 'plan' && line.amount === 0 && !line.proration && line.quantity > 0 && isAboveZero(line.unitAmount)

const trialCreditsOf = (line: SoldLine): number =>
  line.kind === 'plan' && isTrialLine(line) ? (line.plan.trial?.credits ?? 0) * line.quantity : 0

function worthOf(line: SoldLine): Fraction {
  switch (line.kind) {
    case 'plan': {
      const ofOne = times(whole(line.plan.credits), monthsIn(line))
      // A $0 price grants the same credits as a 100% coupon.
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

/** A full line with a $0 price; for a proration of one, the share of the period is unknown. */
function isFree({ amount, proration, unitAmount }: SoldLine): boolean {
  const price = parseDecimal(unitAmount)
  return amount === 0 && !proration && price !== null && price.over === 0n
}

/** The line's amount as a share of the unit amount. */
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
