import type { PaymentIntent, Subscription } from './shapes.ts'
import type { DiscountRequest } from '../billing/invoices/discounts.ts'

/** What a checkout session will do when it is paid; the session object itself does not show it. */
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
  /** A payment that waits for the bank's confirmation: what was entered, until the holder answers. */
  waiting: { intent: string; method: string } | null
}
