import fc from 'fast-check'
import type { Interval, Plan } from '#app/billing/plans.ts'
import type { Coupon, PriceKind, Prorates, Rushed, Step } from './steps.ts'

const VISA = '4242424242424242'
/** Pays, and the payment is disputed. */
const DISPUTED = '4000000000000259'
/** Can be saved, and every charge fails. */
const FAILS = '4000000000000341'
/** Bank debits: known to be paid, or not, some minutes later. */
const DEBIT_PAYS = 'AT611904300234573201'
const DEBIT_FAILS = 'AT861904300235473202'

const always = fc.constant
const oneOf = <const T>(...values: T[]) => fc.constantFrom(...values)
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>) => ({ weight, arbitrary })

const plan = oneOf('Beginner', 'Daily', 'Creator')
const interval = oneOf<Interval>('month', 'month', 'year')
const card = fc.oneof(often(8, always(VISA)), often(1, oneOf(DISPUTED, FAILS)))
const packCard = fc.oneof(often(3, card), often(1, oneOf(DEBIT_PAYS, DEBIT_FAILS)))
const coupon = fc.oneof(
  often(6, always<Coupon>('none')),
  often(2, oneOf<Coupon>('half', 'all', 'always', 'months', 'less')),
)
/** Mostly the newest, so that two steps meet the same object. */
const nth = oneOf(0, 0, 0, 1, 1, 3)
const share = oneOf(0.2, 0.5, 1)

type Kind = Step['kind']
type OfKind<S, K> = S extends { kind: infer Kinds } ? (K extends Kinds ? S : never) : never
type Fields<K extends Kind> = Omit<OfKind<Step, K>, 'kind'>
type Arbitraries<F> = { [N in keyof F]: fc.Arbitrary<F[N]> }

/** A step of a kind with random fields. */
function step<K extends Kind>(kind: K, fields: Arbitraries<Fields<K>>): fc.Arbitrary<Step> {
  return fc.record({ kind: always(kind), ...fields }) as unknown as fc.Arbitrary<Step>
}

const plain = (kind: 'cancel' | 'resume' | 'deliver' | 'reconcile' | 'jobs' | PlainAtStripe) =>
  always({ kind } satisfies Step) as fc.Arbitrary<Step>
type PlainAtStripe = 'pay' | 'payOutOfBand' | 'void' | 'uncollectible' | 'unpause' | 'startAgain' | 'deleteCustomer'

const subscribe = step('subscribe', { plan, interval, card, coupon, tabs: oneOf(1, 1, 1, 2) })
const discounted = step('subscribe', {
  ...{ plan, interval: always<Interval>('month'), card: always(VISA), tabs: always(1) },
  coupon: oneOf<Coupon>('half', 'all', 'always', 'months', 'less'),
})
const pack = step('pack', { pack: oneOf('500', '2000', '10000'), card: packCard, coupon })
const change = step('change', { plan, interval })
const advance = (...days: number[]) => step('advance', { days: oneOf(...days) })
const spend = step('spend', { credits: oneOf(10, 400, 1000) })
const hold = step('hold', { credits: oneOf(10, 400) })
const capture = step('capture', { nth, share: oneOf(0, 0.5, 1) })
const topUp = step('topUp', { below: oneOf(300, 300, 5_000), timesMax: oneOf(0, 1, 2, 3) })
/** Turned on with a good card, and a balance below it. */
const topUpNow = step('topUp', { below: always(5_000), timesMax: always(2) })
const rushed = oneOf<Rushed>(
  ...(['topUps', 'topUps'] as const),
  ...(['deliver', 'deliver', 'deliver', 'reconcile', 'upkeep', 'pause'] as const),
  ...(['spend', 'spend', 'hold', 'capture', 'cancel', 'resume'] as const),
)
const rush = step('rush', { what: fc.array(rushed, { minLength: 2, maxLength: 6, size: 'max' }) })
const newCard = step('card', {
  token: oneOf('pm_card_visa', 'pm_card_visa', 'pm_card_chargeCustomerFail', 'pm_card_createDispute'),
})
const badCard = step('card', { token: always('pm_card_chargeCustomerFail') })
const goodCard = step('card', { token: always('pm_card_visa') })
const noCard = step('noCard', { then: oneOf('pause', 'cancel', 'create_invoice') })
const refund = step('refund', { nth, share })
const failRefund = step('failRefund', { nth })
const dispute = step('dispute', { nth, inquiry: oneOf(false, false, true) })
const decide = step('decide', { isWon: fc.boolean() })
/** A partial refund of the newest payment. */
const partRefund = step('refund', { nth: always(0), share: oneOf(0.2, 0.5) })
const realDispute = step('dispute', { nth: always(0), inquiry: always(false) })
const win = step('decide', { isWon: always(true) })
const lose = step('decide', { isWon: always(false) })
const toYear = step('change', { plan, interval: always('year') })
const cancelNow = step('cancelNow', { prorate: fc.boolean() })
const prorates = oneOf<Prorates>('always_invoice', 'always_invoice', 'create_prorations', 'none')
const quantity = step('quantity', { quantity: oneOf(0, 1, 2, 3), prorates })
const sell = step('sell', {
  plan,
  price: oneOf<PriceKind>('listed', 'older', 'free', 'week', 'quarter', 'quarter', 'twoYears'),
  currency: oneOf('usd', 'usd', 'jpy', 'eur'),
  quantity: oneOf(1, 1, 1, 2, 3, 0),
  addOn: oneOf('none', 'none', 'month', 'year'),
  coupon,
})
const addOn = step('addOn', { every: oneOf('month', 'month', 'year'), prorates })
const dropAddOn = step('dropAddOn', { prorates })
const discount = step('discount', { coupon: oneOf<Coupon>('none', 'half', 'always', 'months', 'less') })
const packs = fc.uniqueArray(oneOf('500', '2000', '10000'), { minLength: 1, maxLength: 2 })
const goods = { packs, service: fc.boolean(), quantity: oneOf(1, 1, 2) }
const cart = step('cart', {
  ...goods,
  plan: fc.oneof(often(2, always(null)), often(1, plan)),
  coupon,
  invoice: fc.boolean(),
})
const invoice = step('invoice', { ...goods, paid: oneOf('whole', 'parts', 'next') })
const payPart = step('payPart', { share: oneOf(0.3, 0.5) })
const creditNote = step('creditNote', {
  ...{ nth, line: oneOf(0, 0, 1, 2), share },
  way: oneOf('card', 'card', 'balance', 'elsewhere', 'linked', 'waive'),
})
/** A credit note for the newest purchase. */
const lineBack = step('creditNote', {
  ...{ nth: always(0), line: oneOf(0, 1), share },
  way: oneOf('card', 'balance', 'elsewhere', 'linked'),
})
const waive = step('creditNote', { nth: always(0), line: oneOf(0, 1), share, way: always('waive') })
const cancelAt = step('cancelAt', { days: oneOf(10, 40, 40, -5, null) })
const freeTime = step('freeTime', { days: oneOf(10, 40) })
/** A downgrade, which is scheduled for the end of the period. */
const down = step('change', { plan: always('Beginner'), interval: always('month') })
const pause = step('pause', {
  behavior: oneOf('void', 'keep_as_draft', 'mark_uncollectible'),
  days: oneOf(null, 5, 40),
})
const deliver = plain('deliver')
const jobs = plain('jobs')

const single: fc.Arbitrary<Step> = fc.oneof(
  ...[often(3, subscribe), often(3, pack), often(5, change), often(4, deliver)],
  ...[often(6, advance(0.02, 0.2, 1, 4, 8, 10, 20, 31, 45, 100)), often(4, spend), often(2, hold), often(2, capture)],
  ...[often(5, rush), often(1, plain('cancel')), often(1, plain('resume')), often(1, plain('reconcile'))],
  ...[often(2, topUp), often(2, jobs), often(2, newCard), often(1, noCard), often(3, refund), often(1, failRefund)],
  ...[often(2, dispute), often(2, decide), often(1, cancelNow), often(2, quantity), often(2, sell)],
  ...[often(2, addOn), often(1, dropAddOn), often(2, discount)],
  ...[
    often(2, cart),
    often(2, invoice),
    often(1, payPart),
    often(2, creditNote),
    often(2, cancelAt),
    often(1, freeTime),
  ],
  ...[often(1, pause), often(1, plain('unpause')), often(1, plain('startAgain'))],
  ...[often(1, plain('pay')), often(1, plain('payOutOfBand')), often(1, plain('void'))],
  ...[often(1, plain('uncollectible')), often(1, plain('deleteCustomer'))],
)

/** Steps that matter only in sequence, which chance alone would rarely produce. */
const story: fc.Arbitrary<Step[]> = fc.oneof(
  fc.tuple(badCard, advance(31), jobs, advance(1, 4), jobs, goodCard, plain('pay')),
  fc.tuple(badCard, advance(31, 45), advance(4), plain('payOutOfBand'), deliver),
  fc.tuple(badCard, advance(31, 45), advance(20), deliver),
  fc.tuple(advance(31), spend, rush, advance(31), rush),
  fc.tuple(advance(31), deliver, advance(31), deliver),
  fc.tuple(partRefund, partRefund, rush),
  fc.tuple(partRefund, partRefund, failRefund, rush),
  fc.tuple(realDispute, deliver, win, rush),
  fc.tuple(realDispute, deliver, lose, spend),
  fc.tuple(toYear, partRefund, deliver, advance(31)),
  fc.tuple(refund, deliver, failRefund, rush, refund),
  fc.tuple(dispute, deliver, spend, decide, rush),
  fc.tuple(refund, dispute, rush, decide, failRefund),
  fc.tuple(change, refund, spend, rush),
  fc.tuple(quantity, change, cancelNow, rush),
  fc.tuple(noCard, advance(8), deliver, goodCard, plain('startAgain')),
  fc.tuple(hold, refund, deliver, capture, advance(1)),
  fc.tuple(pause, advance(31), rush, plain('unpause'), advance(31)),
  fc.tuple(cancelNow, subscribe, deliver),
  fc.tuple(pack, subscribe, deliver, advance(31), rush, advance(31), deliver),
  fc.tuple(topUpNow, jobs, spend, rush, jobs, advance(31), jobs),
  fc.tuple(topUpNow, badCard, jobs, advance(0.2, 1), jobs, goodCard, topUp, rush),
  fc.tuple(topUpNow, rush, deliver, partRefund, realDispute, rush, decide),
  fc.tuple(sell, change, advance(31)),
  fc.tuple(sell, advance(8, 31, 100), deliver, quantity, advance(31, 100)),
  fc.tuple(addOn, down, advance(31), deliver, advance(31)),
  fc.tuple(badCard, advance(31), payPart, payPart, deliver, goodCard, plain('pay'), partRefund, refund),
  fc.tuple(badCard, advance(31), waive, deliver, payPart, goodCard, plain('pay'), lineBack),
  fc.tuple(cart, lineBack, partRefund, rush, realDispute, decide),
  fc.tuple(invoice, partRefund, lineBack, rush, failRefund, lineBack),
  fc.tuple(addOn, advance(31), lineBack, lineBack, failRefund, rush),
  fc.tuple(invoice, advance(31), lineBack, partRefund, advance(31)),
  fc.tuple(cancelAt, advance(31), rush, plain('resume'), advance(31)),
  fc.tuple(sell, addOn, down, rush, advance(31, 100)),
  fc.tuple(discount, quantity, advance(31), change, partRefund),
  fc.tuple(addOn, quantity, refund, rush, dropAddOn, advance(31)),
  fc.tuple(cancelNow, discounted, advance(4, 10), change, partRefund, cancelNow, deliver),
)

/** The state of a life at its end: a payment due after its grace period, a dispute, or anything. */
const ending: fc.Arbitrary<Step[]> = fc.oneof(
  often(3, always<Step[]>([])),
  often(1, fc.tuple(badCard, advance(31), plain('reconcile'), advance(4))),
  often(1, fc.tuple(realDispute, deliver)),
)

const alone = single.map((only) => [only])
const chunk = fc.oneof(often(1, alone), often(2, story))

/** Evenly spaced, because fast-check's random fractions are mostly near zero, where nothing goes wrong. */
const upTo = (max: number) => oneOf(0, max / 3, (2 * max) / 3, max)

export type Policies = Pick<Plan, 'unusedCredits' | 'yearlyCredits' | 'trial'>

const policies: fc.Arbitrary<Policies> = fc.record({
  unusedCredits: oneOf<Plan['unusedCredits']>('accumulate', 'expire', { cap: 300 }, { cap: 300 }),
  yearlyCredits: oneOf<Plan['yearlyCredits']>('upfront', 'monthly'),
  trial: oneOf<Plan['trial']>(null, null, null, { days: 7, credits: 50 }),
})

export const lifePlan = fc.record({
  /** Decides everything that the steps leave open: which delivery is lost, when a handler dies, on which machine. */
  seed: fc.nat(),
  /** The share of webhooks with each fault, from 0 to 1. */
  trouble: fc.record({ drop: upTo(0.3), twice: upTo(0.4), late: upTo(0.4), kill: upTo(0.4) }),
  /** The share of calls that Stripe fails. */
  failing: upTo(0.2),
  /** Whether equal work within one machine is coalesced; correctness must not depend on it. */
  manners: fc.boolean(),
  /** Whether the last reconcile is so late that Stripe has dropped its events and only objects are left. */
  isLate: oneOf(false, false, true),
  /** The credit policies of the three plans. */
  policies: fc.record({ Beginner: policies, Daily: policies, Creator: policies }),
  /** Whether the first purchase succeeds; in most lives it does, so that there is a plan to test. */
  isStartGood: oneOf(true, true, true, false),
  first: fc.oneof(often(3, subscribe), often(2, sell)),
  steps: fc
    .tuple(fc.array(chunk, { minLength: 2, maxLength: 6, size: 'max' }), ending)
    .map(([chunks, last]) => [...chunks.flat(), ...last]),
})

export type LifePlan = typeof lifePlan extends fc.Arbitrary<infer Life> ? Life : never
