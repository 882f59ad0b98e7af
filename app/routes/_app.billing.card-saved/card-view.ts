import type { CardStatus } from '#app/billing/dunning/card-status.server.ts'
import { formatCreditsInWords, formatMoney } from '#app/format.ts'

interface CardView {
  /** The page reloads until the status changes. */
  isWaiting: boolean
  title: string
  text: string | null
  /** The next step, where there is one outside of the app's pages. */
  action: { kind: 'another-card' } | { kind: 'bank'; url: string | null } | null
}

/** Puts the status of a payment into words, after its card was replaced. */
export function toCardView(status: CardStatus, { isSlow }: { isSlow: boolean }): CardView {
  switch (status.state) {
    case 'saved':
      return { ...done, title: 'Card saved.', text: 'It will be charged from your next payment on.' }
    case 'paying':
      return isSlow
        ? {
            ...waiting,
            title: 'Your card is saved.',
            text: `The payment of ${sumOf(status)} is taking longer than usual. You can leave this page: we will email you when it is done.`,
          }
        : { ...waiting, title: `Card saved. Paying ${sumOf(status)}…`, text: null }
    case 'paid':
      return paidView(status)
    case 'declined':
      return {
        ...done,
        title: 'Your new card was declined.',
        text: `The payment of ${sumOf(status)} is still open. Use another card, or ask your bank.`,
        action: { kind: 'another-card' },
      }
    case 'confirm':
      return {
        ...done,
        title: `Your bank wants to confirm the payment of ${sumOf(status)}.`,
        text: 'Your card is saved. The payment goes through as soon as you confirm it.',
        action: { kind: 'bank', url: status.url },
      }
    case 'unreachable':
      return {
        ...waiting,
        title: 'We cannot check your payment right now.',
        text: 'The payment service is not responding. If a payment was open, we charge your new card for it. You can leave this page.',
      }
  }
}

function paidView({ credits, ...sum }: Extract<CardStatus, { state: 'paid' }>): CardView {
  const title = `Card saved. ${sumOf(sum)} paid.`
  if (credits === null) return { ...waiting, title, text: 'Adding your credits…' }
  return { ...done, title, text: credits > 0 ? `${formatCreditsInWords(credits)} were added.` : null }
}

const done = { isWaiting: false, action: null }
const waiting = { isWaiting: true, action: null }

const sumOf = ({ amount, currency }: { amount: number; currency: string }): string => formatMoney(amount, currency)
