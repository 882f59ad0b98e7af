import { formatCreditsInWords } from '../format.ts'
import type { Notice, PlanStatusContext } from './notice.ts'

/** What stops spending besides the subscription: a dispute, or a ledger under review. */
export function frozenNotice({ frozen, credits }: Pick<PlanStatusContext, 'frozen' | 'credits'>): Notice | null {
  switch (frozen) {
    case null:
      return null
    case 'past_due':
      return {
        tone: 'red',
        text: `Spending is paused because a payment failed. ${safeCredits(credits)}`,
        action: 'update-card',
      }
    case 'dispute':
      return {
        tone: 'red',
        text: `Spending is paused while a payment is disputed at the bank. The credits it paid for are set aside until then. If this was a mistake, contact your bank. Spending resumes once it decides.`,
        action: null,
      }
    default:
      return {
        tone: 'red',
        text: `Spending is paused while we check your account. ${safeCredits(credits)}`,
        action: null,
      }
  }
}

/** The promise that paused credits are not lost. */
export const safeCredits = (credits: number): string =>
  credits > 0 ? `Your ${formatCreditsInWords(credits)} are safe.` : 'Nothing is lost.'
