import type { User } from '#models/user.server.ts'
import { findPlan, type Plan, plans } from '#app/billing/plans.ts'
import { comesMonthly, everyInWords, monthsOf } from '#app/billing/billing-interval.ts'
import { formatCredits, formatCreditsInWords } from '#app/format.ts'
import { listPriceOf } from '#app/wording/payment-words.ts'
import type { PlanStatus } from '#app/plan-status/plan-status.ts'
import { balanceInWords } from './balance-words.ts'

export type PlanView = ReturnType<typeof toPlanView>

/** @param stripeBalance the customer's balance, as last read */
export function toPlanView(standing: PlanStatus, stripeBalance?: User['stripeBalance']) {
  const plan = findPlan(standing.plan)
  const balance = balanceInWords(stripeBalance, standing)
  return {
    name: standing.plan,
    badge: standing.badge,
    isLive: standing.isLive,
    interval: standing.interval,
    ...creditsOf(standing, plan),
    stub: [
      standing.price
        ? { term: 'Price', value: standing.price }
        : { term: 'Price', value: 'Nothing', note: 'Use the credits you have, or buy packs.' },
      ...(standing.next ? [standing.next] : []),
      ...standing.unused,
      ...(balance ? [balance] : []),
    ],
    choices: plans.flatMap(({ name, credits, prices }) =>
      prices
        ? [
            {
              value: name,
              label: name,
              detail: `${formatCreditsInWords(credits)} a month`,
              aside: asideOf(name, standing),
            },
          ]
        : [],
    ),
  }
}

/** A subscription that does not pay the list price learns what another plan costs from the preview of a change. */
function asideOf(name: string, standing: PlanStatus): string {
  if (name === standing.plan) return standing.price ?? ''
  return standing.isListPrice ? (listPriceOf(findPlan(name), standing.interval ?? 'month') ?? '') : ''
}

/** The credits of each month, or of each period where that is not a whole number of months. */
function creditsOf({ creditsEach, billingInterval }: PlanStatus, plan: Plan | null) {
  const isMonthly = creditsEach === null || !billingInterval || (plan && comesMonthly(plan, billingInterval))
  const months = isMonthly ? 1 : monthsOf(billingInterval)
  const each = creditsEach ?? plan?.credits ?? 0
  const isWhole = Number.isInteger(months) && each % months === 0
  return {
    credits: formatCredits(isWhole ? each / months : each),
    creditsUnit: isWhole || !billingInterval ? 'credits a month' : `credits ${everyInWords(billingInterval)}`,
  }
}
