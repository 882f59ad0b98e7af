import type { Plan } from './billing/plans.ts'
import type { Loss } from './credits/losses.ts'
import { formatCredits, formatCreditsInWords, formatDay } from './format.ts'

interface Context {
  timeZone: string
  now: Date
}

/**
 * What becomes of the credits that somebody has.
 * @param losses as lossesAhead works them out
 */
export function keptSentence(credits: number, losses: readonly Loss[], context: Context): string {
  if (losses.length === 0)
    return credits > 0 ? `You keep your ${formatCreditsInWords(credits)}.` : 'You keep your credits.'
  return losses.map((loss) => lossSentence(loss, context)).join(' ')
}

/** "1,000 Beginner credits expire on 3 Jan unless you use them." */
export function lossSentence({ at, credits, plan, limit }: Loss, { timeZone, now }: Context): string {
  const day = formatDay(at, timeZone, now)
  const name = plan ? `${plan} ` : ''
  const what = `${formatCredits(credits)} ${name}${credits === 1 ? 'credit' : 'credits'}`
  if (limit === null) return `${what} expire on ${day} unless you use them.`
  return `On ${day} up to ${formatCredits(limit)} unused ${name}credits roll over; ${formatCredits(credits)} more expire then unless you use them.`
}

/**
 * What a plan does with credits that are not used.
 * @param plan as it is sold
 * @param gracePeriodDays how long credits that expire outlive their period
 */
export function rolloverSentence({ name, unusedCredits }: Plan, gracePeriodDays: number): string {
  if (unusedCredits === 'accumulate') return `Unused ${name} credits roll over.`
  if (unusedCredits !== 'expire') return `Up to ${formatCredits(unusedCredits.cap)} unused ${name} credits roll over.`
  return `Unused ${name} credits expire ${expiryInWords(gracePeriodDays)}.`
}

/** "3 days after their period ends" */
export function expiryInWords(gracePeriodDays: number): string {
  if (gracePeriodDays <= 0) return 'when their period ends'
  return `${gracePeriodDays === 1 ? '1 day' : `${gracePeriodDays} days`} after their period ends`
}
