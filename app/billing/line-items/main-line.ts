import { type Plan, plans } from '../plans.ts'
import type { PlanLine, SoldLine } from './sold-line.ts'

/** One of several plans that are sold at once: an item of a subscription, or a line of an invoice. */
interface Sold {
  plan: Plan
  periodEnd: Date | null
}

/**
 * Of several plans sold at once the largest counts: the one with the most credits a month, then the later one in the plan
 * file; of the same plan twice, the one whose period ends later. Subscriptions, invoices and their rows all follow it.
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
 * The line that says what an invoice is about: the largest plan of the period that begins with it; without one, of what a
 * change of plan charges for the rest of a period; and only then of what it gives back.
 * @returns null where no line is of a plan
 */
export function mainLine(lines: readonly SoldLine[]): PlanLine | null {
  const ofPlans = lines.filter((line) => line.kind === 'plan')
  const isPeriod = ({ amount, proration, quantity }: PlanLine) => !proration && amount >= 0 && quantity > 0
  const isCharge = ({ amount }: PlanLine) => amount > 0
  return largestPlan(ofPlans.filter(isPeriod)) ?? largestPlan(ofPlans.filter(isCharge)) ?? largestPlan(ofPlans)
}
