import { type Interval, type Plan, plans, recommended, welcomeCredits } from '#app/billing/plans.ts'
import { formatCreditsInWords, formatMoney } from '#app/format.ts'
import { linesOf, type PlanLines } from './plan-lines.server.ts'

/** A price on a note, for one interval. */
export interface PriceView {
  /** "$18" */
  amount: string
  /** "a month" */
  per: string
  /** "$15.00 a month, saves $36" for a year; what is billed for a month. */
  note: string
  /** "2,000 credits each month", "24,000 credits at once" */
  credits: string
  /** "$0.90 per 100 credits"; null where nothing is paid. */
  unitPrice: string | null
}

export interface PlanOffer extends PlanLines {
  name: string
  summary: string
  isFree: boolean
  isRecommended: boolean
  prices: Record<Interval, PriceView>
  trialDays: number | null
}

/** All plans, the cheapest first, with all prices in words. */
export function planOffers({ withTrials = true } = {}): PlanOffer[] {
  const sorted = [...plans].sort((one, other) => monthlyAmount(one) - monthlyAmount(other))
  return sorted.map((plan, index) => ({
    name: plan.name,
    summary: plan.summary,
    isFree: plan.prices === null,
    isRecommended: plan.name === recommended,
    prices: isSold(plan) ? { month: monthly(plan), year: yearly(plan) } : { month: free(), year: free() },
    trialDays: (withTrials && plan.trial?.days) || null,
    ...linesOf(plan, sorted[index - 1] ?? null),
  }))
}

type SoldPlan = Plan & { prices: NonNullable<Plan['prices']> }

const isSold = (plan: Plan): plan is SoldPlan => plan.prices !== null

const monthlyAmount = ({ prices }: Plan): number => prices?.month.amount ?? 0

function monthly(plan: SoldPlan): PriceView {
  const { amount, currency } = plan.prices.month
  return {
    amount: formatMoney(amount, currency, { short: true }),
    per: 'a month',
    note: 'billed each month',
    credits: `${formatCreditsInWords(plan.credits)} each month`,
    unitPrice: unitPrice(amount, currency, plan.credits),
  }
}

function yearly(plan: SoldPlan): PriceView {
  const { amount, currency } = plan.prices.year
  const saving = plan.prices.month.amount * 12 - amount
  const saved = saving > 0 ? `, saves ${formatMoney(saving, currency, { short: true })}` : ''
  return {
    amount: formatMoney(amount, currency, { short: true }),
    per: 'a year',
    note: `${formatMoney(Math.round(amount / 12), currency)} a month${saved}`,
    credits:
      plan.yearlyCredits === 'upfront'
        ? `${formatCreditsInWords(plan.credits * 12)} at once`
        : `${formatCreditsInWords(plan.credits)} each month`,
    unitPrice: unitPrice(amount, currency, plan.credits * 12),
  }
}

/** The price of the free plan, in the currency of the others. */
function free(): PriceView {
  const currency = plans.find(isSold)?.prices.month.currency ?? 'usd'
  return {
    amount: formatMoney(0, currency, { short: true }),
    per: '',
    note: 'no card needed',
    credits: welcomeCredits > 0 ? `${formatCreditsInWords(welcomeCredits)} to start with` : 'credit packs only',
    unitPrice: null,
  }
}

const unitPrice = (amount: number, currency: string, credits: number): string =>
  `${formatMoney(Math.round((amount / credits) * 100), currency)} per 100 credits`

/** What is free, in a sentence. */
export function freeOffer(): string {
  return `Start free with ${formatCreditsInWords(welcomeCredits)}. No card needed.`
}

const MONTHS_IN_WORDS = ['', 'one month', 'two months', 'three months', 'four months', 'five months', 'six months']

/** "two months free" where that holds for every plan, else how much can be saved at most. */
export function yearlySaving(): string | null {
  const shares = plans.flatMap(({ prices }) => (prices ? [prices.year.amount / prices.month.amount] : []))
  const paid = shares[0]
  if (paid === undefined) return null
  if (shares.every((share) => share === paid) && Number.isInteger(paid)) {
    const words = MONTHS_IN_WORDS[12 - paid]
    return words ? `${words} free` : null
  }
  const most = Math.floor((1 - Math.min(...shares) / 12) * 100)
  return most > 0 ? `save up to ${most}%` : null
}
