import type { Plan } from '../billing/plans.ts'
import type { Loss } from '../credits/losses.ts'
import { type DateContext, formatCredits, formatCreditsInWords, formatDay } from '../format.ts'

/**
 * What happens to a user's unused credits.
 * @param losses as lossesAhead returns them
 */
export function keptSentence(credits: number, losses: readonly Loss[], context: DateContext): string {
  if (losses.length === 0)
    return credits > 0 ? `You keep your ${formatCreditsInWords(credits)}.` : 'You keep your credits.'
  return losses.map((loss) => lossSentence(loss, context)).join(' ')
}

/** "1,000 Beginner credits expire on 3 Jan unless you use them." */
export function lossSentence({ at, credits, plan, limit }: Loss, { timeZone, now }: DateContext): string {
  const day = formatDay(at, timeZone, now)
  const name = plan ? `${plan} ` : ''
  const what = `${formatCredits(credits)} ${name}${credits === 1 ? 'credit' : 'credits'}`
  if (limit === null) return `${what} expire on ${day} unless you use them.`
  return `On ${day} up to ${formatCredits(limit)} unused ${name}credits roll over; ${formatCredits(credits)} more expire then unless you use them.`
}

/** A line about credits that expire, for a stub. */
export interface UnusedRow {
  term: string
  value: string
  note: string | null
}

/**
 * Which of a user's credits expire first, and which the next renewal caps.
 * @param losses as lossesAhead returns them, soonest first
 */
export function unusedRows(losses: readonly Loss[], { timeZone, now }: DateContext): UnusedRow[] {
  const day = (date: Date) => formatDay(date, timeZone, now)
  const capped = losses.find(({ limit }) => limit !== null)
  const expiring = losses.filter(({ limit }) => limit === null)
  const first = expiring[0]
  const then = expiring.filter(({ at }) => at.getTime() === first?.at.getTime())
  const credits = then.reduce((sum, loss) => sum + loss.credits, 0)
  return [
    ...(first
      ? [{ term: 'Next to expire', value: `${formatCreditsInWords(credits)} on ${day(first.at)}`, note: null }]
      : []),
    ...(capped
      ? [
          {
            term: 'Unused credits',
            value: `Up to ${formatCredits(capped.limit ?? 0)} ${capped.plan ?? ''} credits roll over`.replace(
              '  ',
              ' ',
            ),
            note: `${formatCredits(capped.credits)} more expire on ${day(capped.at)} unless you use them.`.replace(
              /^1 more expire /,
              '1 more expires ',
            ),
          },
        ]
      : []),
  ]
}

/**
 * What the plans do with unused credits; plans with the same rule share a sentence.
 * @param gracePeriodDays how long expiring credits outlive their period
 */
export function rolloverRule(plans: readonly Plan[], gracePeriodDays: number): string {
  const keeping = plans.filter(({ unusedCredits }) => unusedCredits === 'accumulate')
  if (keeping.length === plans.length) return 'Unused credits roll over to the next month.'
  const names = new Intl.ListFormat('en').format(keeping.map(({ name }) => name))
  return [
    ...(keeping.length > 0 ? [`Unused ${names} credits roll over.`] : []),
    ...plans.filter((plan) => !keeping.includes(plan)).map((plan) => rolloverSentence(plan, gracePeriodDays)),
    'Credit packs do not expire.',
  ].join(' ')
}

/**
 * What a plan does with unused credits.
 * @param gracePeriodDays how long expiring credits outlive their period
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
