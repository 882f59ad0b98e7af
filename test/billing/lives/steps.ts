import type { Interval } from '#app/billing/plans.ts'

/** What a user does in the app, and what the passing of time does. */
export type AppStep =
  | { kind: 'subscribe'; plan: string; interval: Interval; card: string; coupon: Coupon; tabs: number }
  | { kind: 'pack'; pack: string; card: string; coupon: Coupon }
  | { kind: 'change'; plan: string; interval: Interval }
  | { kind: 'cancel' | 'resume' | 'deliver' | 'reconcile' | 'jobs' }
  | { kind: 'advance'; days: number }
  | { kind: 'spend' | 'hold'; credits: number }
  | { kind: 'capture'; nth: number; share: number }
  /** Automatic top-up, on for at most so many a month, or off. */
  | { kind: 'topUp'; below: number; timesMax: number }
  /** Several at once, on both machines. */
  | { kind: 'rush'; what: Rushed[] }

/** What a user, the shop or a bank does at Stripe, without the app. */
export type StripeStep =
  | { kind: 'pay' | 'payOutOfBand' | 'void' | 'uncollectible' | 'unpause' | 'startAgain' | 'deleteCustomer' }
  | { kind: 'card'; token: string }
  /** The card is taken away, and what a trial does without one when it ends. */
  | { kind: 'noCard'; then: 'pause' | 'cancel' | 'create_invoice' }
  | { kind: 'cancelNow'; prorate: boolean }
  | { kind: 'pause'; behavior: 'void' | 'keep_as_draft' | 'mark_uncollectible'; days: number | null }
  | ({ kind: 'sell' } & ByHand)
  | { kind: 'quantity'; quantity: number; prorates: Prorates }
  /** Something without credits beside the plan, or no longer. */
  | { kind: 'addOn'; every: 'month' | 'year'; prorates: Prorates }
  | { kind: 'dropAddOn'; prorates: Prorates }
  | { kind: 'discount'; coupon: Coupon }
  /** A page of the shop's own, of several things; with an invoice of its own or without. */
  | {
      kind: 'cart'
      packs: string[]
      service: boolean
      quantity: number
      plan: string | null
      coupon: Coupon
      invoice: boolean
    }
  /** An invoice that the shop makes, or things that wait for the plan's next one. */
  | { kind: 'invoice'; packs: string[]; service: boolean; quantity: number; paid: 'whole' | 'parts' | 'next' }
  | { kind: 'payPart'; share: number }
  | {
      kind: 'creditNote'
      nth: number
      line: number
      share: number
      way: 'card' | 'balance' | 'elsewhere' | 'linked' | 'waive'
    }
  /** Ends so many days after the plan's period, or no longer. */
  | { kind: 'cancelAt'; days: number | null }
  | { kind: 'freeTime'; days: number }
  | { kind: 'refund'; nth: number; share: number }
  | { kind: 'failRefund'; nth: number }
  | { kind: 'dispute'; nth: number; inquiry: boolean }
  | { kind: 'decide'; isWon: boolean }

export type Step = AppStep | StripeStep

/** A subscription sold in the dashboard. */
export interface ByHand {
  plan: string
  price: PriceKind
  /** Yen are an option of the price, euros have a price of their own. */
  currency: 'usd' | 'jpy' | 'eur'
  quantity: number
  addOn: 'none' | 'month' | 'year'
  coupon: Coupon
}
/** `older`: archived, and kept by its subscribers; `free`: a gift. */
export type PriceKind = 'listed' | 'older' | 'free' | 'week' | 'quarter' | 'twoYears'
export type Prorates = 'always_invoice' | 'create_prorations' | 'none'
export type Rushed =
  'topUps' | 'deliver' | 'reconcile' | 'upkeep' | 'pause' | 'spend' | 'hold' | 'capture' | 'cancel' | 'resume'
/** `half` and `all` are for one invoice, `months` is half for three months, `always` is half forever; `less` is $5. */
export type Coupon = 'none' | 'half' | 'all' | 'always' | 'months' | 'less'

const APP_STEPS = ['subscribe', 'pack', 'change', 'cancel', 'resume', 'deliver', 'reconcile', 'jobs'] as const
const MORE_APP_STEPS = ['advance', 'spend', 'hold', 'capture', 'topUp', 'rush'] as const

export const isAppStep = (step: Step): step is AppStep =>
  [...APP_STEPS, ...MORE_APP_STEPS].some((kind) => kind === step.kind)
