import fc from 'fast-check'
import type { Interval } from '#app/billing/plans.ts'

/** What a person, a bank or time does in a life. */
export type Step =
  | { kind: 'subscribe'; plan: string; interval: Interval; card: string }
  | { kind: 'pack'; pack: string; card: string }
  | { kind: 'change'; plan: string; interval: Interval }
  | { kind: 'cancel' | 'resume' | 'pay' | 'deliver' | 'reconcile' | 'cancelNow' }
  | { kind: 'advance'; days: number }
  | { kind: 'card'; token: string }
  | { kind: 'refund'; nth: number; share: number }
  | { kind: 'dispute'; nth: number; inquiry: boolean }
  | { kind: 'decide'; isWon: boolean }
  | { kind: 'spend'; credits: number }

const VISA = '4242424242424242'
/** Pays, and the holder disputes it. */
const DISPUTED = '4000000000000259'
/** Can be saved, and every charge fails. */
const FAILS = '4000000000000341'

const plan = fc.constantFrom('Beginner', 'Daily', 'Creator')
const interval = fc.constantFrom<Interval>('month', 'month', 'year')
const card = fc.oneof(
  { weight: 8, arbitrary: fc.constant(VISA) },
  { weight: 1, arbitrary: fc.constantFrom(DISPUTED, FAILS) },
)
const token = fc.constantFrom('pm_card_visa', 'pm_card_visa', 'pm_card_chargeCustomerFail', 'pm_card_createDispute')
const nth = fc.nat({ max: 5 })

const subscribe = fc.record({ kind: fc.constant('subscribe' as const), plan, interval, card })

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: subscribe },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('pack' as const), pack: fc.constantFrom('500', '2000', '10000'), card }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('change' as const), plan, interval }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'resume', 'pay', 'cancelNow') }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('cancel' as const, 'resume', 'reconcile') }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant('deliver' as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), days: fc.constantFrom(1, 4, 10, 20, 31, 45) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('card' as const), token }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('refund' as const), nth, share: fc.constantFrom(0.2, 0.5, 1) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('dispute' as const), nth, inquiry: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('decide' as const), isWon: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('spend' as const), credits: fc.constantFrom(10, 400, 1000) }),
  },
)

/** Even steps: a random fraction is mostly next to zero, where nothing goes wrong. */
const share = (max: number) => fc.constantFrom(0, max / 3, (2 * max) / 3, max)

export const lifePlan = fc.record({
  /** Of everything that the steps leave open: which delivery is lost, when a handler dies. */
  seed: fc.nat(),
  trouble: fc.record({ drop: share(0.3), twice: share(0.4), late: share(0.4), kill: share(0.4) }),
  /** The share of calls that Stripe fails. */
  failing: share(0.2),
  first: subscribe,
  steps: fc.array(step, { minLength: 4, maxLength: 16, size: 'max' }),
})

export type LifePlan = typeof lifePlan extends fc.Arbitrary<infer Life> ? Life : never
