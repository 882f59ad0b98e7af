import type { Interval } from '#app/billing/plans.ts'

/** What a person does in the app, or time. */
export type AppStep =
  | { kind: 'subscribe'; plan: string; interval: Interval; card: string; coupon: Coupon; tabs: number }
  | { kind: 'pack'; pack: string; card: string; coupon: Coupon }
  | { kind: 'change'; plan: string; interval: Interval }
  | { kind: 'cancel' | 'resume' | 'deliver' | 'reconcile' | 'jobs' }
  | { kind: 'advance'; days: number }
  | { kind: 'spend' | 'hold'; credits: number }
  | { kind: 'capture'; nth: number; share: number }
  /** Several at once, on both machines. */
  | { kind: 'rush'; what: Rushed[] }

/** What a person or a bank does at Stripe, without the app. */
export type StripeStep =
  | { kind: 'pay' | 'payOutOfBand' | 'void' | 'uncollectible' | 'unpause' | 'startAgain' | 'deleteCustomer' }
  | { kind: 'card'; token: string }
  /** The card is taken away, and what a trial does without one when it ends. */
  | { kind: 'noCard'; then: 'pause' | 'cancel' | 'create_invoice' }
  | { kind: 'cancelNow'; prorate: boolean }
  | { kind: 'pause'; behavior: 'void' | 'keep_as_draft' | 'mark_uncollectible'; days: number | null }
  | { kind: 'quantity'; quantity: number }
  /** A subscription made by hand, at a price of its own in euros. */
  | { kind: 'foreign'; plan: string }
  | { kind: 'refund'; nth: number; share: number }
  | { kind: 'failRefund'; nth: number }
  | { kind: 'dispute'; nth: number; inquiry: boolean }
  | { kind: 'decide'; isWon: boolean }

export type Step = AppStep | StripeStep
export type Rushed = 'deliver' | 'reconcile' | 'upkeep' | 'pause' | 'spend' | 'hold' | 'capture' | 'cancel' | 'resume'
/** `half` and `all` are for one invoice, `always` is half of each. */
export type Coupon = 'none' | 'half' | 'all' | 'always'

const APP_STEPS = ['subscribe', 'pack', 'change', 'cancel', 'resume', 'deliver', 'reconcile', 'jobs'] as const
const MORE_APP_STEPS = ['advance', 'spend', 'hold', 'capture', 'rush'] as const

export const isAppStep = (step: Step): step is AppStep =>
  [...APP_STEPS, ...MORE_APP_STEPS].some((kind) => kind === step.kind)
