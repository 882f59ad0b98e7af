import type { KeptPaymentMethod } from '#models/billing-details.server.ts'
import type { TopUp } from '#models/top-up.server.ts'
import { findPack } from '#app/billing/plans.ts'
import { monthOf, type TopUpTerms } from '#app/billing/top-up/terms.ts'
import { formatCredits, formatCreditsInWords, formatDay, formatMoney, minorDigits } from '#app/format.ts'

interface Context {
  now: Date
  timeZone: string
  /** "Visa ending in 4242" */
  card: string | null
  /** Tax is added to the price. */
  hasTax: boolean
}

/** "At most 3 times and $60.00 a month." */
const limitsOf = (timesMax: number, amountMax: number, currency: string): string =>
  `at most ${timesMax === 1 ? 'once' : `${formatCredits(timesMax)} times`} and ${formatMoney(amountMax, currency)} a month`

/** What the customer agrees to, with the sum, in one sentence. */
export function termsInWords({ pack, below, timesMax, amountMax }: TopUpTerms, { card, hasTax }: Context): string {
  const { credits, price } = findPack(pack)!
  const sum = `${formatMoney(price.amount, price.currency)}${hasTax ? ' plus tax' : ''}`
  return `When your balance falls below ${formatCreditsInWords(below)}, we charge ${card ?? 'your card'} ${sum} for ${formatCreditsInWords(credits)}, without asking you again: ${limitsOf(timesMax, amountMax, price.currency)}.`
}

/** What happens first, computed as the job does. */
export function firstInWords({ pack, below }: TopUpTerms, balance: number): string {
  const { price } = findPack(pack)!
  return balance < below
    ? `Your balance is ${formatCredits(balance)} now, so ${formatMoney(price.amount, price.currency)} is charged as soon as you turn this on.`
    : `Your balance is ${formatCredits(balance)} now, so nothing is charged today.`
}

/** "Visa ending in 4242"; null without a card. */
export function cardInWords(method: KeptPaymentMethod | null | undefined): string | null {
  // A bank debit is known days later if it pays, so only a card can be charged.
  if (method?.type !== 'card' && method?.type !== 'link') return null
  const brand = method.brand ?? method.type
  const name = `${brand.charAt(0).toUpperCase()}${brand.slice(1)}`
  return method.last4 ? `${name} ending in ${method.last4}` : name
}

const WHY_PAUSED = {
  declined: 'Automatic top-up has stopped: your card was declined three times. Nothing was charged.',
  no_card: 'Automatic top-up has stopped: there is no card on file. Nothing was charged.',
  refused: 'Automatic top-up has stopped: the payment could not be made. Nothing was charged.',
  confirmation: 'Automatic top-up is paused: your bank did not get your confirmation. Nothing was charged.',
}

/** What the page says about a top-up that was set up. */
export function topUpView(topUp: TopUp, context: Context) {
  const { status, reason, open, currency, timesMax, amountMax, nextTryAt, declines } = topUp
  const month = monthOf(topUp, context.now)
  const isWaiting = status === 'paused' && reason === 'confirmation' && open !== null
  const spent = `${formatCredits(month.times)} of ${formatCredits(timesMax)} top-ups, ${formatMoney(month.amount, currency)} of ${formatMoney(amountMax, currency)}`
  return {
    isOn: status === 'on',
    isOff: status === 'off',
    terms: findPack(topUp.pack) ? termsInWords(topUp, context) : null,
    month: spent,
    notice: isWaiting
      ? `Your bank wants you to confirm the payment of ${formatMoney(open.amount, currency)}. Automatic top-up is paused until then.`
      : status === 'paused' && reason
        ? WHY_PAUSED[reason]
        : null,
    confirmUrl: isWaiting ? open.url : null,
    progress:
      status === 'on' && open
        ? `A payment of ${formatMoney(open.amount, currency)} is under way.`
        : status === 'on' && nextTryAt && nextTryAt > context.now
          ? `${declines > 0 ? 'The last payment was declined.' : 'This month’s limit is reached.'} The next one is tried on ${formatDay(nextTryAt, context.timeZone, context.now)}.`
          : null,
    fields: {
      pack: topUp.pack,
      below: String(topUp.below),
      timesMax: String(timesMax),
      amountMax: String(amountMax / 10 ** minorDigits(currency)),
    },
  }
}
