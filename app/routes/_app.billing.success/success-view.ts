import { duplicateInWords } from '#app/wording/duplicate-words.ts'
import { formatCredits, formatCreditsInWords } from '#app/format.ts'
import { type PrimaryAction, primaryActionOf, pausesOf } from '#app/plan-status/primary-action.ts'
import type { PlanStatus } from '#app/plan-status/plan-status.ts'
import type { Notice } from '#app/plan-status/notice.ts'

/** The status of a payment, as the page shows it. */
type ViewState = 'waiting' | 'arrived' | 'confirming' | 'failed' | 'unknown'

/** The status as checkout reports it. */
type PaymentState = ViewState | 'expired' | 'unreachable'

interface SuccessView {
  state: ViewState
  /** The status, which is the page's heading. */
  title: string
  text: string | null
  /** How many credits were added: the heading's large figure. */
  figure: string | null
  /** What was added, what was there before, what there is now; only where it adds up. */
  sum: { added: string; others: string; total: string } | null
  /** Why the credits cannot be spent yet, and what helps. */
  pause: Notice | null
  /** What the main button does, once the credits are there; null where only waiting helps. */
  main: PrimaryAction
}

export interface PaymentFacts {
  state: PaymentState
  /** What the payment adds, where that is known. */
  credits: number | null
  /** What can be spent now. */
  balance: number
  /** A trial without credits, because its card was used for another account's trial. */
  isSecondTrialOfCard?: boolean
  /** The buyer's plan and payments now. */
  standing: PlanStatus
  /** Another plan was bought at the same time, and one of the two was canceled. */
  duplicate?: Parameters<typeof duplicateInWords>[0] & { isThis: boolean }
  /** It has taken longer than it should. */
  isSlow: boolean
}

/** Puts a payment's status into words. The page polls it, so nothing changes unless the status does. */
export function toSuccessView(facts: PaymentFacts): SuccessView {
  const view = viewOf(facts)
  if (view.state !== 'arrived') return { ...view, pause: null, main: null }
  const { standing, balance } = facts
  const [pause = null] = pausesOf(standing)
  // The sum ends in what can be spent, which is nothing while spending is paused.
  return { ...view, sum: pause ? null : view.sum, pause, main: primaryActionOf(standing, balance) }
}

type View = Omit<SuccessView, 'pause' | 'main'>

function viewOf(facts: PaymentFacts): View {
  const { state, credits, balance, isSecondTrialOfCard, duplicate, isSlow } = facts
  const words = credits === null ? 'your credits' : `your ${formatCreditsInWords(credits)}`
  switch (state) {
    case 'waiting':
      return isSlow ? slow : { state, title: `Payment received. Adding ${words}…`, text: null, ...noFigures }
    case 'arrived':
      if (duplicate) return withDuplicate(duplicate, arrived(credits, balance))
      return isSecondTrialOfCard ? secondTrial : arrived(credits, balance)
    case 'confirming':
      return {
        state,
        title: 'Your bank has not confirmed the payment yet.',
        text: `This can take up to 3 days. When it does, ${words} are added and you get an email.`,
        ...noFigures,
      }
    case 'failed':
      return { state, title: 'The payment did not go through.', text: 'You were not charged.', ...noFigures }
    case 'expired':
      return {
        state: 'failed',
        title: 'This checkout has expired.',
        text: 'Nothing was charged. Choose again to open a new one.',
        ...noFigures,
      }
    case 'unreachable':
      // The page polls, as for credits that are on their way.
      return {
        state: 'waiting',
        title: 'We cannot check your payment right now.',
        text: 'The payment service is not responding. If you have paid, your credits will be added automatically; you can leave this page.',
        ...noFigures,
      }
    case 'unknown':
      return {
        state,
        title: 'We cannot find this payment.',
        text: 'If you have just paid, your credits will still be added. Your overview shows them when they arrive.',
        ...noFigures,
      }
  }
}

const noFigures = { figure: null, sum: null }

const slow: View = {
  state: 'waiting',
  title: 'Your payment is safe.',
  text: 'Credits usually arrive in a few seconds; this time it is taking longer. You can leave this page: we add them automatically and email you a receipt.',
  ...noFigures,
}

const secondTrial: View = {
  state: 'arrived',
  title: 'Your trial has started, without credits.',
  text: 'Each card gets trial credits once, and this card was already used for a trial by another account. You have not been charged.',
  ...noFigures,
}

/** Of two plans bought at once one stays; the page of either payment says so. */
function withDuplicate(duplicate: NonNullable<PaymentFacts['duplicate']>, view: View): View {
  const text = [...duplicateInWords(duplicate), view.text].join(' ')
  if (!duplicate.isThis) return { ...view, text, sum: null }
  return { state: 'arrived', title: `${duplicate.plan} was canceled.`, text, ...noFigures }
}

function arrived(credits: number | null, balance: number): View {
  const owed = 'A refund or a dispute took back credits you had already spent, and new credits settle that first.'
  const text =
    balance < 0 ? `Your balance is ${formatCredits(balance)}. ${owed}` : `You have ${formatCreditsInWords(balance)}.`
  if (!credits) return { state: 'arrived', title: 'All done.', text, ...noFigures }
  const others = balance - credits
  return {
    state: 'arrived',
    title: `${credits === 1 ? 'credit' : 'credits'} added.`,
    text,
    figure: formatCredits(credits),
    // After spending there is no sum: what was there before is no longer known.
    sum:
      others > 0
        ? {
            added: formatCredits(credits, { signed: true }),
            others: formatCredits(others),
            total: formatCredits(balance),
          }
        : null,
  }
}
