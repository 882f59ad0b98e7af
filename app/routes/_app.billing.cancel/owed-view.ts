import type { OpenPayment } from '#app/billing/dunning/cancel-unpaid.server.ts'
import type { Loss } from '#app/credits/losses.ts'
import { type DateContext, formatCreditsInWords, formatDay, formatMoney } from '#app/format.ts'
import { keptSentence } from '#app/wording/rollover-words.ts'

/** How a plan is canceled while a payment for it is open. */
export type Way = 'now' | 'pay'

export type OwedView = ReturnType<typeof toOwedView>

interface Context extends DateContext {
  plan: string
  /** The features that the plan has and Free has not, as they read in a sentence. */
  features: string[]
  /** What can be spent now. */
  credits: number
  losses: readonly Loss[]
}

/** Describes the two ways to cancel while a payment is open. */
export function toOwedView(open: OpenPayment, { plan, features, credits, losses, timeZone, now }: Context) {
  const sum = formatMoney(open.amount, open.currency)
  const until = open.periodEnd && formatDay(open.periodEnd, timeZone, now)
  const added = open.credits ? formatCreditsInWords(open.credits) : null
  const kept = credits > 0 ? keptSentence(credits, losses, { timeZone, now }) : null
  const lost = new Intl.ListFormat('en').format(features)
  return {
    sum,
    /** In minor units, so that nothing else is charged than what was shown. */
    amount: open.amount,
    ways: {
      now: {
        label: 'Cancel now without paying',
        facts: [
          `${sum} is not charged, now or later.`,
          `${plan} ends at once${lost ? `: you lose ${lost}` : ''}. This cannot be undone.`,
          ...(added ? [`The ${added} of this period are not added.`] : []),
          ...(kept ? [kept] : []),
        ],
        button: `Cancel ${plan} now`,
      },
      pay:
        until === null
          ? null
          : {
              label: `Pay ${sum} and keep ${plan} until ${until}`,
              facts: [
                `${sum} is charged to your card now.`,
                ...(added ? [`${added} are added.`] : []),
                `${plan} stays active until ${until} and then ends. It does not renew.`,
              ],
              button: `Pay ${sum} and cancel on ${until}`,
            },
    },
  }
}
