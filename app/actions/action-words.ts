import type { UsesLeft } from '../billing/entitlements/entitlements.ts'
import { type Feature, type Plan, plans } from '../billing/plans.ts'
import { formatCredits, formatCreditsInWords, formatDay, formatMoney } from '../format.ts'
import type { PlanOption, RefusalOption } from './refusal-options.ts'
import type { ActionUnit } from './registry.ts'
import type { ActionRunView } from './run-store.server.ts'

/** What a run will cost, in words. */
export interface Sum {
  /** "12 pages × 2 = 24 credits" */
  line: string
  /** "You will have 1,816 left." */
  after: string
  /** "Spend 24 credits" */
  button: string
}

/** Puts the cost of a run into words; `balance` is what can be spent now. */
export function sumOf(unit: ActionUnit, units: number, balance: number): Sum {
  const credits = units * unit.credits
  const left = balance - credits
  const amount = formatCreditsInWords(credits)
  return {
    line: unit.isUpTo
      ? `Up to ${amount}. What is not used is returned.`
      : `${formatCredits(units)} ${units === 1 ? unit.one : unit.many} × ${formatCredits(unit.credits)} = ${amount}`,
    after:
      left >= 0
        ? `You will have ${formatCredits(left)} left.`
        : `You have ${formatCredits(balance)}, so ${formatCredits(-left)} more are needed.`.replace(
            / 1 more are/,
            ' 1 more is',
          ),
    button: unit.isUpTo ? `Spend up to ${amount}` : `Spend ${amount}`,
  }
}

/** Says how a run ended and what that means for the balance. */
export function outcomeOf(run: ActionRunView, unit: ActionUnit, balance: number): string {
  const have = `You have ${formatCredits(balance)}.`
  if (run.status === 'running') {
    return `${formatCreditsInWords(run.credits)} ${run.credits === 1 ? 'is' : 'are'} reserved while this runs.`
  }
  if (run.status === 'failed') return `It did not work. Nothing was spent. ${have}`
  const units = `${formatCredits(run.unitsUsed)} ${run.unitsUsed === 1 ? unit.one : unit.many}`
  const spent = `${formatCreditsInWords(run.creditsSpent)} ${run.creditsSpent === 1 ? 'was' : 'were'} spent${unit.isUpTo ? '' : ` (${units})`}`
  const back = run.credits - run.creditsSpent
  const returned = back > 0 ? ` and ${formatCredits(back)} returned` : ''
  return `Done. ${spent}${returned}. ${have}`
}

/**
 * Says that the result of a run was deleted.
 * @param days how long results are kept; 0 if they are kept forever by now
 */
export function deletedInWords(what: 'result' | 'file', days: number): string {
  const kept = days === 0 ? '' : ` Results are kept for ${days} ${days === 1 ? 'day' : 'days'}.`
  return `This ${what} was deleted.${kept}`
}

/** A refusal option as a button, or as a sentence where the user can only wait. */
export interface WayOutWords {
  text: string
  to: string | null
}

const UNBLOCKING = new Set<RefusalOption['type']>([
  'update_payment_method',
  'confirm_payment',
  'resume_plan',
  'resume_spending',
  'change_cap',
])

/**
 * Puts the nearest options into words: what ends a pause, one pack, one plan, and when credits arrive by themselves. If one
 * is enough, those that are not are left out.
 * @param ways as the refusal has them, nearest first
 * @param options `plan`: the user's own, even while it is paused
 */
export function wordsOfWays(ways: RefusalOption[], options: { plan: Plan; timeZone: string }): WayOutWords[] {
  const actions = ways.filter(({ type }) => type !== 'wait')
  const offered = actions.some(({ enough }) => enough) ? actions.filter(({ enough }) => enough) : actions
  const shown = [
    offered.find(({ type }) => UNBLOCKING.has(type)),
    offered.find(({ type }) => type === 'pack'),
    offered.find(({ type }) => type === 'plan'),
    ways.find(({ type }) => type === 'wait'),
  ]
  return shown.filter((way) => way !== undefined).map((way) => wordsOfWay(way, options))
}

function wordsOfWay(way: RefusalOption, { plan, timeZone }: { plan: Plan; timeZone: string }): WayOutWords {
  switch (way.type) {
    case 'pack':
      return { text: `Buy ${formatCreditsInWords(way.credits)}, ${shortMoney(way)}`, to: way.url }
    case 'plan':
      return { text: plan.prices ? changeInWords(way) : purchaseInWords(way), to: way.url }
    case 'update_payment_method':
      return { text: 'Update card', to: way.url }
    case 'confirm_payment':
      return { text: 'Continue at the bank', to: way.url }
    case 'resume_spending':
      return { text: 'Resume spending', to: way.url }
    case 'change_cap':
      return { text: 'Change the cap', to: way.url }
    case 'resume_plan': {
      const cost = shortMoney(way)
      return { text: cost ? `Resume ${plan.name}, ${cost}` : `Resume ${plan.name}`, to: way.url }
    }
    case 'wait': {
      const day = formatDay(new Date(way.at), timeZone)
      if (way.credits === 0) return { text: `Or wait: your limit resets on ${day}.`, to: null }
      const less = way.enough ? '' : ' That is not enough.'
      return { text: `Or wait: ${formatCreditsInWords(way.credits)} arrive on ${day}.${less}`, to: null }
    }
  }
}

/** "Change to Daily, $4.13 today for 510 credits" */
function changeInWords({ plan, amount, credits = 0, ...way }: PlanOption): string {
  if (amount === undefined) return `Change to ${plan}`
  if (amount === 0) return `Change to ${plan}, nothing to pay today`
  const gets = credits > 0 ? ` for ${formatCreditsInWords(credits)}` : ''
  return `Change to ${plan}, ${shortMoney({ amount, ...way })} today${gets}`
}

/** "Get Beginner, $10 a month", "Try Beginner free for 14 days" */
const purchaseInWords = ({ plan, interval, trialDays, ...way }: PlanOption): string =>
  trialDays ? `Try ${plan} free for ${trialDays} days` : `Get ${plan}, ${shortMoney(way)} a ${interval}`

const shortMoney = ({ amount, currency }: { amount?: number; currency?: string }): string =>
  amount === undefined || currency === undefined ? '' : formatMoney(amount, currency, { short: true })

/** "2 credits a page" */
export function costOf({ one, credits, isUpTo }: ActionUnit): string {
  if (isUpTo) return 'By length'
  return `${formatCreditsInWords(credits)} a ${one}`
}

/** Says how much of a plan's limit is left; `max` is uses per period. */
export function usesInWords(
  max: number,
  { left, resetsAt }: Pick<UsesLeft, 'left' | 'resetsAt'>,
  timeZone: string,
): string {
  const again = `Resets on ${formatDay(resetsAt, timeZone)}.`
  return left > 0
    ? `${formatCredits(left)} of ${formatCredits(max)} left this month. ${again}`
    : `You have used all ${formatCredits(max)} for this month. ${again}`
}

/** Says which plans have the feature that an action needs; null if the user's plan has it. */
export function lockOf(title: string, feature: Feature | undefined, plan: Plan): string | null {
  if (!feature || plan.features[feature]) return null
  const having = plans.filter((candidate) => candidate.features[feature]).map(({ name }) => name)
  return having.length
    ? `${title} is part of ${new Intl.ListFormat('en').format(having)}.`
    : `${title} is not part of any plan.`
}
