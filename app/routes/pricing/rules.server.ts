import { plans } from '#app/billing/plans.ts'
import { config } from '#app/config.server.ts'
import { rolloverRule } from '#app/wording/rollover-words.ts'

/** What buyers ask. The rules for unused credits come from the plans on sale. */
export function rulesOfSale(): { term: string; text: string }[] {
  const sold = plans.filter(({ prices }) => prices !== null)
  const isKept = sold.every(({ unusedCredits }) => unusedCredits !== 'expire')
  return [
    { term: 'Unused credits', text: rolloverRule(sold, config().gracePeriodDays) },
    {
      term: 'Which credits are used first',
      text: 'Those that expire soonest; then free credits before credits you paid for.',
    },
    {
      term: 'Changing plans',
      text: 'A larger plan starts at once and you pay only the difference; a smaller one starts at the next renewal.',
    },
    {
      term: 'Canceling',
      text: `Cancel any time. Your plan stays active until the period ends, and you keep your credits after that${isKept ? '' : ' until they expire'}.`,
    },
    {
      term: 'Refunds',
      text: 'A refund also takes back the same share of the credits that came with the payment.',
    },
  ]
}
