import type { Seconds } from './clock.ts'
import type { PaymentIntent, Subscription } from './shapes.ts'

/*
 * Internal rows behind the objects, which no API response shows.
 */

/** The test card behind a payment method, and its state. */
export interface CardRow {
  id: string
  number: string
  /** Authenticated for later use; a card that requires this once does not require it again. */
  authenticated: boolean
}

/** One attempt to deliver one event to one endpoint. */
export interface DeliveryAttempt {
  at: Seconds
  status: number | null
  milliseconds: number
  answer: string
}

export interface DeliveryRow {
  id: string
  event: string
  endpoint: string
  state: 'waiting' | 'delivered' | 'given_up' | 'dropped'
  attempts: DeliveryAttempt[]
  nextAttempt: Seconds | null
}

export interface IdempotencyRow {
  id: string
  at: Seconds
  path: string
  fingerprint: string
  request: string
  status: number
  body: unknown
}

export interface SecretRow {
  id: string
  secret: string
}

/** The sandbox's own settings: one row, `settings`. */
export interface SettingsRow {
  id: string
  clockOffset: Seconds
  /** Days after each failed attempt until the next; after the last of them `afterLastRetry` decides. */
  retryAfterDays: number[]
  afterLastRetry: 'cancel' | 'unpaid' | 'past_due'
  /** What automatic tax charges, by country; no entry means no tax is collected there. */
  taxPercentages: Record<string, number>
}

/** The notices sent for a subscription, each with the date it was about. */
export interface SubscriptionNotes {
  id: string
  trialEndAnnounced: Seconds | null
  renewalAnnounced: Seconds | null
}

/** A requested discount: by coupon, by promotion code, or an existing one. */
export interface DiscountRequest {
  coupon?: string
  promotion_code?: string
  discount?: string
}

/** What a checkout session does when it is paid, which the session object does not show. */
export interface CheckoutOrder {
  /** The session's id. */
  id: string
  items: {
    id: string
    price: string
    quantity: number
    adjustable: { minimum: number; maximum: number } | null
    metadata: Record<string, string> | null
  }[]
  discounts: DiscountRequest[]
  subscriptionData: {
    metadata?: Record<string, string>
    description?: string
    trialDays?: number
    trialEnd?: number
    trialSettings?: Subscription['trial_settings']
    billingCycleAnchor?: number
    billingMode?: Subscription['billing_mode']
  }
  paymentData: {
    metadata?: Record<string, string>
    description?: string
    receiptEmail?: string
    setupFutureUsage?: 'off_session' | 'on_session'
    shipping?: PaymentIntent['shipping']
  }
  customerUpdate: { address?: 'auto' | 'never'; name?: 'auto' | 'never' }
  /** A payment that waits for authentication. */
  waiting: { intent: string; method: string } | null
}

/** The amounts of a price in other currencies, which the price shows only when expanded. */
export interface PriceCurrencies {
  /** The price's id. */
  id: string
  amounts: Record<string, number>
}

/** A change that waits for its invoice to be paid (`payment_behavior: pending_if_incomplete`). */
export interface SubscriptionChange {
  /** The subscription's id. */
  id: string
  invoice: string
  patch: Partial<Subscription>
  expiresAt: Seconds
}
