import type { PlanOffer } from '../billing/plan-changes/plan-offers.server.ts'
import type { Feature, Interval, Limit, Pack, Plan } from '../billing/plans.ts'

/** One thing that a person who was refused can do, with what it costs today. Money is in minor units. */
export type RefusalOption = {
  /** Whether what was refused succeeds after it. */
  enough: boolean
} & (
  | { type: 'pack'; pack: string; credits: number; amount: number; currency: string; url: string }
  | PlanOption
  /** `credits` arrive by themselves, or the count of uses starts again. */
  | { type: 'wait'; credits: number; at: string }
  /** A payment is owed: another card, or the bank's customer, pays it. */
  | ({ type: 'update_payment_method' | 'confirm_payment'; url: string } & Price)
  /** The plan is paused: resuming it begins a period, and asks for a card where there is none. */
  | ({ type: 'resume_plan'; url: string; credits?: number } & Price)
)

/** Left out where it is not known. */
interface Price {
  amount?: number
  currency?: string
}

export interface PlanOption extends Price {
  type: 'plan'
  plan: string
  interval: Interval
  /** What is there to spend as soon as `amount` is paid. */
  credits?: number
  /** What each period costs and brings after that. */
  renewal?: { amount: number; currency: string; credits: number }
  /** It begins with a free trial of so many days. */
  trialDays?: number
  url: string
}

/** What was to be done when it was refused, and what its owner has. */
export interface Need {
  /** Credits that it takes. */
  credits: number
  /** Credits that can be spent; below zero for a debt, which new credits pay first. */
  available: number
  limit?: { name: Limit; used: number }
  feature?: Feature
}

/** Whether it succeeds under a plan and with so many more credits. */
export function suffices(need: Need, plan: Plan, more: number): boolean {
  if (need.feature && !plan.features[need.feature]) return false
  if (need.limit && need.limit.used >= plan.limits[need.limit.name]) return false
  return need.available + more >= need.credits
}

/**
 * The packs from the smallest that is enough. Where none is, the largest is offered and says so.
 * @param plan whose features and limits hold
 * @param offered what is sold
 */
export function packOptions(need: Need, plan: Plan, offered: readonly Pack[]): RefusalOption[] {
  const bySize = [...offered].sort((one, other) => one.credits - other.credits)
  const enough = bySize.filter(({ credits }) => suffices(need, plan, credits))
  return (enough.length > 0 ? enough : bySize.slice(-1)).map(({ id, credits, price }) => ({
    ...{ type: 'pack', pack: id, credits, amount: price.amount, currency: price.currency },
    enough: enough.length > 0,
    url: `/billing?pack=${encodeURIComponent(id)}`,
  }))
}

/** The plans that help, by what each of them brings at once. One whose sums are not known brings no credits for sure. */
export const planOptions = (need: Need, offers: readonly PlanOffer[]): RefusalOption[] =>
  offers.map((offer) => ({ ...toPlanWay(offer), enough: suffices(need, offer.plan, offer.today?.credits ?? 0) }))

/** A plan as a way out says it. */
export const toPlanWay = ({ plan, interval, today, renewal, trialDays, url }: PlanOffer): PlanOption => ({
  ...{ type: 'plan', plan: plan.name, interval },
  ...(today && { credits: today.credits, amount: today.amount, currency: today.currency }),
  ...(renewal && { renewal: { amount: renewal.amount, currency: renewal.currency, credits: renewal.credits } }),
  ...(trialDays !== null && { trialDays }),
  url,
})
