import { findPlan, type Interval, plans } from '#app/billing/plans.ts'
import { formatCredits, formatCreditsInWords } from '#app/format.ts'
import { priceOf, type Standing } from '#app/standing.ts'

export interface PlanView {
  name: string
  badge: Standing['badge']
  isLive: boolean
  interval: Interval | null
  credits: string
  creditsUnit: string
  stub: { term: string; value: string; note?: string | null }[]
  choices: { value: string; label: string; detail: string; aside: string }[]
}

export function toPlanView(standing: Standing): PlanView {
  const plan = findPlan(standing.plan)
  return {
    name: standing.plan,
    badge: standing.badge,
    isLive: standing.isLive,
    interval: standing.interval,
    credits: formatCredits(plan?.credits ?? 0),
    creditsUnit: 'credits a month',
    stub: standing.price
      ? [{ term: 'Price', value: standing.price }, ...(standing.next ? [standing.next] : [])]
      : [
          { term: 'Price', value: 'Nothing', note: 'You spend the credits you have; packs add more.' },
          ...(standing.next ? [standing.next] : []),
        ],
    choices: plans.flatMap(({ name, credits, prices }) =>
      prices
        ? [
            {
              value: name,
              label: name,
              detail: `${formatCreditsInWords(credits)} a month`,
              aside: priceOf(findPlan(name), standing.interval ?? 'month') ?? '',
            },
          ]
        : [],
    ),
  }
}
