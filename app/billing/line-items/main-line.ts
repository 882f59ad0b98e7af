import { type Plan, plans } from '../plans.ts'
import type { PlanLine, SoldLine } from './sold-line.ts'

/** One of several plans sold together: a subscription item, or an invoice line. */
interface Sold {
  plan: Plan
  periodEnd: Date | null
}

/**
 * The largest of several plans: most credits a month, then later in the plan file, then the later period end.
 * Subscriptions, invoices and their rows all use this.
 * @returns null of none; the earlier of two that are equal
 */
export function largestPlan<S extends Sold>(sold: readonly S[]): S | null {
  return sold.reduce<S | null>((most, one) => (most === null || compare(one, most) > 0 ? one : most), null)
}

const compare = (one: Sold, other: Sold): number =>
  one.plan.credits - other.plan.credits || placeOf(one) - placeOf(other) || timeOf(one) - timeOf(other)

const placeOf = ({ plan }: Sold): number => plans.findIndex(({ name }) => name === plan.name)

const timeOf = ({ periodEnd }: Sold): number => periodEnd?.getTime() ?? 0

/**
 * The line that names an invoice: the largest plan of a period starting with it; else a charge of a plan change; else a
 * refund of unused time.
 * @returns null where no line is of a plan
 */
export function mainLine(lines: readonly SoldLine[]): PlanLine | null {
  const ofPlans = lines.filter((line) => line.kind === 'plan')
  const isPeriod = ({ amount, proration, quantity }: PlanLine) => !proration && amount >= 0 && quantity > 0
  const isCharge = ({ amount }: PlanLine) => amount > 0
  return largestPlan(ofPlans.filter(isPeriod)) ?? largestPlan(ofPlans.filter(isCharge)) ?? largestPlan(ofPlans)
}
