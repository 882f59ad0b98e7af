/** What a test card does when it is used. */
export type CardBehavior =
  | { kind: 'pays' }
  /** Refused at once, also when it is to be kept for later. */
  | { kind: 'declines'; code: string; declineCode: string; message: string }
  /** Can be kept, and is refused whenever it is charged. */
  | { kind: 'fails_when_charged'; code: string; declineCode: string; message: string }
  /** The bank asks: the first time only, or every time. */
  | { kind: 'authenticates'; always: boolean }
  /** A bank debit: nothing is known for some minutes, then it succeeds or fails. */
  | { kind: 'later'; succeeds: boolean }
  /** Pays, and the holder disputes it. */
  | { kind: 'disputes'; reason: string; inquiry?: boolean }

export interface TestCard {
  number: string
  brand: string
  label: string
  result: string
  behavior: CardBehavior
  /** The names that the API accepts in place of its number: `pm_card_visa`, `tok_visa`. */
  tokens: string[]
}

const declined = 'Your card was declined.'

function declines(
  number: string,
  label: string,
  declineCode: string,
  message: string,
  token: string,
  code = 'card_declined',
): TestCard {
  return {
    number,
    brand: 'visa',
    label,
    result: message,
    behavior: { kind: 'declines', code, declineCode, message },
    tokens: [token],
  }
}

/** Stripe's test cards, as its documentation lists them. */
export const testCards: TestCard[] = [
  {
    number: '4242424242424242',
    brand: 'visa',
    label: 'Succeeds',
    result: 'The payment succeeds.',
    behavior: { kind: 'pays' },
    tokens: ['visa'],
  },
  declines('4000000000000002', 'Declined', 'generic_decline', declined, 'chargeDeclined'),
  declines(
    '4000000000009995',
    'Insufficient funds',
    'insufficient_funds',
    'Your card has insufficient funds.',
    'chargeDeclinedInsufficientFunds',
  ),
  {
    number: '4000000000000341',
    brand: 'visa',
    label: 'Fails when charged',
    result: 'It can be saved, and every charge fails.',
    behavior: { kind: 'fails_when_charged', code: 'card_declined', declineCode: 'generic_decline', message: declined },
    tokens: ['chargeCustomerFail'],
  },
  {
    number: '4000002500003155',
    brand: 'visa',
    label: 'Asks for authentication',
    result: 'The bank asks once, then it pays.',
    behavior: { kind: 'authenticates', always: false },
    tokens: ['authenticationRequiredOnSetup'],
  },
  {
    number: '4000002760003184',
    brand: 'visa',
    label: 'Asks every time',
    result: 'The bank asks at every payment.',
    behavior: { kind: 'authenticates', always: true },
    tokens: ['authenticationRequired', 'threeDSecure2Required'],
  },
  {
    number: '4000000000000259',
    brand: 'visa',
    label: 'Disputed later',
    result: 'It pays, then the cardholder disputes it.',
    behavior: { kind: 'disputes', reason: 'fraudulent' },
    tokens: ['createDispute'],
  },
  {
    number: '4000000000001976',
    brand: 'visa',
    label: 'Inquiry later',
    result: 'It pays, then the bank inquires.',
    behavior: { kind: 'disputes', reason: 'fraudulent', inquiry: true },
    tokens: ['createDisputeInquiry'],
  },
  declines('4000000000009987', 'Lost card', 'lost_card', declined, 'chargeDeclinedLostCard'),
  declines('4000000000009979', 'Stolen card', 'stolen_card', declined, 'chargeDeclinedStolenCard'),
  declines(
    '4000000000000069',
    'Expired card',
    'expired_card',
    'Your card has expired.',
    'chargeDeclinedExpiredCard',
    'expired_card',
  ),
  declines(
    '4000000000000127',
    'Wrong CVC',
    'incorrect_cvc',
    "Your card's security code is incorrect.",
    'chargeDeclinedIncorrectCvc',
    'incorrect_cvc',
  ),
  declines(
    '4000000000000119',
    'Processing error',
    'processing_error',
    'An error occurred while processing your card. Try again in a little bit.',
    'chargeDeclinedProcessingError',
    'processing_error',
  ),
  {
    number: '5555555555554444',
    brand: 'mastercard',
    label: 'Mastercard',
    result: 'The payment succeeds.',
    behavior: { kind: 'pays' },
    tokens: ['mastercard'],
  },
  {
    number: '4000056655665556',
    brand: 'visa',
    label: 'Visa debit',
    result: 'The payment succeeds.',
    behavior: { kind: 'pays' },
    tokens: ['visa_debit'],
  },
  {
    number: '378282246310005',
    brand: 'amex',
    label: 'American Express',
    result: 'The payment succeeds.',
    behavior: { kind: 'pays' },
    tokens: ['amex'],
  },
]

/** Bank debits (SEPA test accounts), for checkouts that allow them. */
export const testDebits: TestCard[] = [
  {
    number: 'AT611904300234573201',
    brand: 'sepa_debit',
    label: 'Bank debit, succeeds',
    result: 'Unpaid at first, paid after 3 minutes.',
    behavior: { kind: 'later', succeeds: true },
    tokens: [],
  },
  {
    number: 'AT861904300235473202',
    brand: 'sepa_debit',
    label: 'Bank debit, fails',
    result: 'Unpaid at first, refused after 3 minutes.',
    behavior: { kind: 'later', succeeds: false },
    tokens: [],
  },
]

/** Other accounts of Stripe's list; the CLI's `async_payment_failed` uses the Italian one. */
const moreDebits = [
  { number: 'AT321904300235473204', of: testDebits[0]! },
  { number: 'AT051904300235473205', of: testDebits[1]! },
  { number: 'IT60X0542811101000000123456', of: testDebits[1]! },
].map(({ number, of }) => ({ ...of, number }))

export function findTestCard(number: string): TestCard | undefined {
  const plain = number.replaceAll(/[\s-]/g, '').toUpperCase()
  return [...testCards, ...testDebits, ...moreDebits].find((card) => card.number === plain)
}

/** `pm_card_visa` and `tok_visa` both stand for the card whose token is `visa`; some names repeat the brand. */
export function cardOfToken(token: string): TestCard | undefined {
  const name = token.replace(/^(pm_card_|tok_)/, '').replace(/^visa_(?=charge)/, '')
  return name === token ? undefined : testCards.find((card) => card.tokens.includes(name))
}
