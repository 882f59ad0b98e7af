import { formatCreditsInWords } from '../format.ts'
import type { Notice, PlanStatusContext } from './notice.ts'

/** What stops spending besides the subscription: a dispute, or a ledger under review. */
export function frozenNotice({ frozen, credits }: Pick<PlanStatusContext, 'frozen' | 'credits'>): Notice | null {
  if (frozen === null) return null
  if (frozen === 'dispute') {
    const text =
      'Spending is paused while a payment is disputed at the bank. The credits it paid for are set aside until then. If this was a mistake, contact your bank. Spending resumes once it decides.'
    return { tone: 'red', text, action: null }
  }
  if (frozen === 'paused_by_owner') {
    return { tone: 'red', text: `You paused all spending. ${safeCredits(credits)}`, action: 'resume-spending' }
  }
  const isPastDue = frozen === 'past_due'
  const why = isPastDue ? 'because a payment failed' : 'while we check your account'
  const text = `Spending is paused ${why}. ${safeCredits(credits)}`
  return { tone: 'red', text, action: isPastDue ? 'update-card' : null }
}

/** The promise that paused credits are not lost. */
export const safeCredits = (credits: number): string =>
  credits > 0 ? `Your ${formatCreditsInWords(credits)} are safe.` : 'Nothing is lost.'
