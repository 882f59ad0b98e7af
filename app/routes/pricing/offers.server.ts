import { type Feature, type Interval, type Limit, type Plan, plans, welcomeCredits } from '#app/billing/plans.ts'
import { config } from '#app/config.server.ts'
import { expiryInWords } from '#app/rollover-words.ts'
import { formatCredits, formatCreditsInWords, formatMoney } from '#app/format.ts'

/** What a feature gives its buyer, as a line on the plan's note. */
const FEATURES: Record<Feature, { has: string; lacks: string }> = {
  svgExport: { has: 'PNG and SVG export', lacks: 'PNG export only' },
  apiAccess: { has: 'API access', lacks: 'No API access' },
  prioritySupport: { has: 'Priority support', lacks: 'No priority support' },
}

const LIMITS: Record<Limit, { unlimited: string; limited: (count: number) => string }> = {
  qrCodes: {
    unlimited: 'Unlimited QR codes',
    limited: (count) => `Up to ${formatCredits(count)} QR codes a month`,
  },
}

/** A price on a stub, for one interval. */
export interface PriceView {
  /** "$18" */
  amount: string
  /** "a month" */
  per: string
  /** "that is $15.00 a month, $36 saved a year" for a year; what is billed for a month. */
  note: string
  /** "2,000 credits each month", "24,000 credits at once" */
  credits: string
  /** "$0.90 for 100 credits" */
  unitPrice: string
}

/** What a plan has or lacks. */
export interface OfferLine {
  text: string
  isIncluded: boolean
}

export interface PlanOffer {
  name: string
  summary: string
  credits: string
  prices: Record<Interval, PriceView>
  trialDays: number | null
  lines: OfferLine[]
}

/** The plans that cost money, cheapest first, with everything worked out. */
export function planOffers({ withTrials = true } = {}): PlanOffer[] {
  return plans
    .flatMap((plan) => (plan.prices ? [{ ...plan, prices: plan.prices }] : []))
    .sort((one, other) => one.prices.month.amount - other.prices.month.amount)
    .map((plan) => ({
      name: plan.name,
      summary: plan.summary,
      credits: formatCredits(plan.credits),
      prices: { month: monthly(plan), year: yearly(plan) },
      trialDays: (withTrials && plan.trial?.days) || null,
      lines: linesOf(plan),
    }))
}

type SoldPlan = Plan & { prices: NonNullable<Plan['prices']> }

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
  const saved = saving > 0 ? `, ${formatMoney(saving, currency, { short: true })} saved a year` : ''
  return {
    amount: formatMoney(amount, currency, { short: true }),
    per: 'a year',
    note: `that is ${formatMoney(Math.round(amount / 12), currency)} a month${saved}`,
    credits:
      plan.yearlyCredits === 'upfront'
        ? `${formatCreditsInWords(plan.credits * 12)} at once`
        : `${formatCreditsInWords(plan.credits)} each month`,
    unitPrice: unitPrice(amount, currency, plan.credits * 12),
  }
}

const unitPrice = (amount: number, currency: string, credits: number): string =>
  `${formatMoney(Math.round((amount / credits) * 100), currency)} for 100 credits`

function linesOf(plan: Plan): OfferLine[] {
  return [
    ...limitLines(plan).map((text) => ({ text, isIncluded: true })),
    ...featureLines(plan),
    { text: unusedLine(plan), isIncluded: true },
  ]
}

const featureLines = ({ features }: Plan): OfferLine[] =>
  (Object.entries(features) as [Feature, boolean][]).map(([feature, isIncluded]) => ({
    text: isIncluded ? FEATURES[feature].has : FEATURES[feature].lacks,
    isIncluded,
  }))

const limitLines = ({ limits }: Plan): string[] =>
  (Object.entries(limits) as [Limit, number][]).map(([limit, count]) =>
    count === Infinity ? LIMITS[limit].unlimited : LIMITS[limit].limited(count),
  )

function unusedLine({ unusedCredits }: Plan): string {
  if (unusedCredits === 'accumulate') return 'Unused credits roll over'
  if (unusedCredits === 'expire') return `Unused credits expire ${expiryInWords(config().gracePeriodDays)}`
  return `Up to ${formatCreditsInWords(unusedCredits.cap)} of the plan roll over`
}

/** What is free, in one line. */
export function freeOffer(): string {
  const free = plans.find((plan) => plan.prices === null)
  const start = `Start free with ${formatCreditsInWords(welcomeCredits)}. No card needed.`
  if (!free) return start
  return `${start} ${[...limitLines(free), ...featureLines(free).map(({ text }) => text)].join('. ')}.`
}

const MONTHS_IN_WORDS = ['', 'one month', 'two months', 'three months', 'four months', 'five months', 'six months']

/** "two months free" where that holds for every plan, else the share that is saved at most. */
export function yearlySaving(): string | null {
  const shares = plans.flatMap(({ prices }) => (prices ? [prices.year.amount / prices.month.amount] : []))
  const paid = shares[0]
  if (paid === undefined) return null
  if (shares.every((share) => share === paid) && Number.isInteger(paid)) {
    const words = MONTHS_IN_WORDS[12 - paid]
    return words ? `${words} free` : null
  }
  const most = Math.floor((1 - Math.min(...shares) / 12) * 100)
  return most > 0 ? `up to ${most} % less` : null
}
