import { type Feature, type Limit, type Plan } from '#app/billing/plans.ts'
import { config } from '#app/config.server.ts'
import { formatCredits, formatCreditsInWords } from '#app/format.ts'
import { expiryInWords } from '#app/wording/rollover-words.ts'

/** What a plan with a feature offers, and what one without it offers instead. */
const FEATURES: Record<Feature, { has: string; lacks: string | null }> = {
  svgExport: { has: 'SVG export', lacks: 'PNG export' },
  apiAccess: { has: 'API access', lacks: null },
  prioritySupport: { has: 'Priority support', lacks: null },
}

const LIMITS: Record<Limit, { unlimited: string; limited: (count: number) => string }> = {
  qrCodes: {
    unlimited: 'No monthly limit on QR codes',
    limited: (count) => `Up to ${formatCredits(count)} QR codes a month`,
  },
}

/** What a plan includes, as the pricing page lists it. */
export interface PlanLines {
  /** The smaller plan whose features it includes, so that only the differences are listed; null where all are. */
  builtOn: string | null
  lines: string[]
}

/**
 * Lists what a plan includes, or what it adds to the one before it.
 * @param smaller the plan before it on the page; null for the first one
 */
export function linesOf(plan: Plan, smaller: Plan | null): PlanLines {
  const base = smaller && hasAllOf(plan, smaller) ? smaller : null
  const limits = (Object.entries(plan.limits) as [Limit, number][])
    .filter(([limit, count]) => count !== base?.limits[limit])
    .map(([limit, count]) => (count === Infinity ? LIMITS[limit].unlimited : LIMITS[limit].limited(count)))
  const features = (Object.entries(plan.features) as [Feature, boolean][])
    .filter(([feature, has]) => has !== base?.features[feature])
    .flatMap(([feature, has]) => (has ? FEATURES[feature].has : (FEATURES[feature].lacks ?? [])))
  const unused = base && keeps(base) === keeps(plan) ? [] : [unusedLine(plan)]
  return { builtOn: base?.name ?? null, lines: [...limits, ...features, ...unused] }
}

/** Whether no limit, feature or rule of the plan is worse. */
function hasAllOf(plan: Plan, smaller: Plan): boolean {
  return (
    Object.entries(smaller.limits).every(([limit, count]) => plan.limits[limit as Limit] >= count) &&
    Object.entries(smaller.features).every(([feature, has]) => !has || plan.features[feature as Feature]) &&
    keeps(plan) >= keeps(smaller)
  )
}

/** How many unused credits roll over: more is better. */
function keeps({ unusedCredits }: Plan): number {
  if (unusedCredits === 'accumulate') return Infinity
  return unusedCredits === 'expire' ? -1 : unusedCredits.cap
}

function unusedLine({ unusedCredits }: Plan): string {
  if (unusedCredits === 'accumulate') return 'Unused credits roll over'
  if (unusedCredits === 'expire') return `Unused credits expire ${expiryInWords(config().gracePeriodDays)}`
  return `Up to ${formatCreditsInWords(unusedCredits.cap)} of the plan roll over`
}
