import type { PlanOffer } from '../billing/plan-changes/plan-offers.server.ts'
import type { Feature, Interval, Limit, Pack, Plan } from '../billing/plans.ts'

/** One thing that helps after a refusal, with its cost today. Money is in minor units. */
export type RefusalOption = {
  /** Whether the spend succeeds after it. */
  enough: boolean
} & (
  | { type: 'pack'; pack: string; credits: number; amount: number; currency: string; url: string }
  | PlanOption
  /** `credits` arrive by themselves, or the count of uses starts again. */
  | { type: 'wait'; credits: number; at: string }
  /** A payment is due: another card, or a confirmation at the bank, pays it. */
  | ({ type: 'update_payment_method' | 'confirm_payment'; url: string } & Price)
  /** The owner has stopped spending, or set a cap, and can change that. */
  | { type: 'resume_spending' | 'change_cap'; url: string }
  /** The plan is paused: resuming it begins a period, and needs a card. */
  | ({ type: 'resume_plan'; url: string; credits?: number } & Price)
)

/** Left out if unknown. */
interface Price {
  amount?: number
  currency?: string
}

export interface PlanOption extends Price {
  type: 'plan'
  plan: string
  interval: Interval
  /** What can be spent as soon as `amount` is paid. */
  credits?: number
  /** What each period costs and adds after that. */
  renewal?: { amount: number; currency: string; credits: number }
  /** Days of the free trial that it begins with. */
  trialDays?: number
  url: string
}

/** What the refused spend needs, and what the user has. */
export interface Need {
  /** Credits that it costs. */
  credits: number
  /** Credits that can be spent; below zero for a debt, which new credits settle first. */
  available: number
  limit?: { name: Limit; used: number }
  feature?: Feature
}

/** Whether the spend succeeds under a plan and with so many more credits. */
export function suffices(need: Need, plan: Plan, more: number): boolean {
  if (need.feature && !plan.features[need.feature]) return false
  if (need.limit && need.limit.used >= plan.limits[need.limit.name]) return false
  return need.available + more >= need.credits
}

/**
 * The packs from the smallest that is enough. If none is, the largest is offered and says so.
 * @param plan whose features and limits apply
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

/** The plans that help, by what each adds at once. A plan whose amounts are unknown counts as adding nothing. */
export const planOptions = (need: Need, offers: readonly PlanOffer[]): RefusalOption[] =>
  offers.map(({ plan, interval, today, renewal, trialDays, url }) => ({
    ...{ type: 'plan', plan: plan.name, interval },
    ...(today && { credits: today.credits, amount: today.amount, currency: today.currency }),
    ...(renewal && { renewal: { amount: renewal.amount, currency: renewal.currency, credits: renewal.credits } }),
    ...(trialDays !== null && { trialDays }),
    url,
    enough: suffices(need, plan, today?.credits ?? 0),
  }))
