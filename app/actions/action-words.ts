import type { UsesLeft } from '../billing/entitlements.ts'
import { type Feature, type Plan, plans } from '../billing/plans.ts'
import { formatCredits, formatCreditsInWords, formatDay, formatMoney } from '../format.ts'
import type { ActionUnit } from './registry.ts'
import type { ActionRunView } from './run-store.server.ts'
import type { WayOut } from './ways-out.ts'

/** What a run will cost, in words. */
export interface Sum {
  /** "12 pages × 2 = 24 credits" */
  line: string
  /** "You will have 1,816 left." */
  after: string
  /** "Spend 24 credits" */
  button: string
}

/**
 * Works out the sum beside an action's form.
 * @param unit what is counted and what one costs
 * @param units how many
 * @param balance credits that can be spent now
 * @returns the sum, line by line
 */
export function sumOf(unit: ActionUnit, units: number, balance: number): Sum {
  const credits = units * unit.credits
  const left = balance - credits
  const amount = formatCreditsInWords(credits)
  return {
    line: `${formatCredits(units)} ${units === 1 ? unit.one : unit.many} × ${formatCredits(unit.credits)} = ${amount}`,
    after:
      left >= 0
        ? `You will have ${formatCredits(left)} left.`
        : `You have ${formatCredits(balance)}, so ${formatCredits(-left)} more are needed.`.replace(
            / 1 more are/,
            ' 1 more is',
          ),
    button: `Spend ${amount}`,
  }
}

/**
 * Says how a run ended and what that means for the balance.
 * @param run the run
 * @param unit what it was counted in
 * @param balance credits that can be spent now
 * @returns a sentence or two
 */
export function outcomeOf(run: ActionRunView, unit: ActionUnit, balance: number): string {
  const have = `You have ${formatCredits(balance)}.`
  if (run.status === 'running') {
    return `${formatCreditsInWords(run.credits)} ${run.credits === 1 ? 'is' : 'are'} reserved while this runs.`
  }
  if (run.status === 'failed') return `It did not work, and nothing was spent. ${have}`
  const took = `It took ${formatCredits(run.unitsUsed)} ${run.unitsUsed === 1 ? unit.one : unit.many}`
  const spent = `${formatCreditsInWords(run.creditsSpent)} ${run.creditsSpent === 1 ? 'was' : 'were'} spent`
  const back = run.credits - run.creditsSpent
  const returned = back > 0 ? ` and ${formatCredits(back)} came back` : ''
  return `Done. ${took}, so ${spent}${returned}. ${have}`
}

/** A way out as a button, or as a sentence where one can only wait. */
export interface WayOutWords {
  text: string
  to: string | null
}

/**
 * Says the nearest ways out: one pack, one plan, and when credits come by themselves.
 * @param ways as the refusal has them, nearest first
 * @param options `hasPlan`: whether the user pays for a plan already; `timeZone`: the reader's
 * @returns at most four
 */
export function wordsOfWays(
  ways: WayOut[],
  { hasPlan, timeZone }: { hasPlan: boolean; timeZone: string },
): WayOutWords[] {
  const shown = [
    ways.find(({ type }) => type === 'update_payment_method' || type === 'resume_plan'),
    nearest(ways, 'pack'),
    nearest(ways, 'plan'),
    ways.find(({ type }) => type === 'wait'),
  ]
  return shown.filter((way) => way !== undefined).map((way) => wordsOfWay(way, hasPlan, timeZone))
}

const nearest = (ways: WayOut[], type: 'pack' | 'plan'): WayOut | undefined =>
  ways.find((way) => way.type === type && way.enough) ?? ways.find((way) => way.type === type)

function wordsOfWay(way: WayOut, hasPlan: boolean, timeZone: string): WayOutWords {
  switch (way.type) {
    case 'pack':
      return {
        text: `Buy ${formatCreditsInWords(way.credits)}, ${formatMoney(way.amount, way.currency, { short: true })}`,
        to: way.url,
      }
    case 'plan':
      return {
        text: `${hasPlan ? 'Change to' : 'Get'} ${way.plan}, ${formatMoney(way.amount, way.currency, { short: true })} a ${way.interval}`,
        to: way.url,
      }
    case 'update_payment_method':
      return { text: 'Update card', to: way.url }
    case 'resume_plan':
      return { text: 'Go on with your plan', to: way.url }
    case 'wait': {
      const day = formatDay(new Date(way.at), timeZone)
      return way.credits > 0
        ? { text: `Or wait: ${formatCreditsInWords(way.credits)} arrive on ${day}.`, to: null }
        : { text: `Or wait: the count starts again on ${day}.`, to: null }
    }
  }
}

/**
 * Says what one unit costs: "2 credits a page".
 * @param unit what is counted and what one costs
 * @returns the price of one
 */
export function costOf({ one, credits }: ActionUnit): string {
  return `${formatCreditsInWords(credits)} a ${one}`
}

/**
 * Says how much of a plan's limit is left.
 * @param max uses a period
 * @param uses what is left of them
 * @param timeZone the reader's
 */
export function usesInWords(
  max: number,
  { left, resetsAt }: Pick<UsesLeft, 'left' | 'resetsAt'>,
  timeZone: string,
): string {
  const again = `The count starts again on ${formatDay(resetsAt, timeZone)}.`
  return left > 0
    ? `${formatCredits(left)} of ${formatCredits(max)} left this month. ${again}`
    : `You have used all ${formatCredits(max)} for this month. ${again}`
}

/**
 * Says which plans have what this plan lacks.
 * @param title the action
 * @param feature what it needs, if anything
 * @param plan what the user has
 * @returns null where nothing is locked
 */
export function lockOf(title: string, feature: Feature | undefined, plan: Plan): string | null {
  if (!feature || plan.features[feature]) return null
  const having = plans.filter((candidate) => candidate.features[feature]).map(({ name }) => name)
  return having.length
    ? `${title} is part of ${new Intl.ListFormat('en').format(having)}.`
    : `${title} is in no plan now.`
}
