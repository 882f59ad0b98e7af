import { newId } from '../core/ids.ts'
import type { Subscription, SubscriptionSchedule } from '../core/shapes.ts'

export type Phase = SubscriptionSchedule['phases'][number]

export function newPhase(given: {
  currency: string
  start: number
  end: number
  items: { price: string; quantity: number; metadata?: Record<string, string> }[]
  metadata?: Record<string, string>
  prorationBehavior?: Phase['proration_behavior']
  discounts?: { coupon?: string; discount?: string; promotion_code?: string }[]
  trialEnd?: number | null
}): Phase {
  return {
    add_invoice_items: [],
    application_fee_percent: null,
    billing_cycle_anchor: null,
    billing_thresholds: null,
    collection_method: null,
    currency: given.currency,
    default_payment_method: null,
    default_tax_rates: [],
    description: null,
    discounts: (given.discounts ?? []).map(({ coupon = null, discount = null, promotion_code = null }) => ({
      coupon,
      discount,
      promotion_code,
    })),
    end_date: given.end,
    invoice_settings: null,
    items: given.items.map(({ price, quantity, metadata = {} }) => ({
      billing_thresholds: null,
      discounts: [],
      metadata,
      plan: price,
      price,
      quantity,
      tax_rates: [],
    })),
    metadata: given.metadata ?? {},
    on_behalf_of: null,
    proration_behavior: given.prorationBehavior ?? 'create_prorations',
    start_date: given.start,
    transfer_data: null,
    trial_end: given.trialEnd ?? null,
  }
}

export function newSubscriptionSchedule(
  created: number,
  subscription: Subscription,
  phase: Phase,
  metadata: Record<string, string>,
): SubscriptionSchedule {
  return {
    id: newId('sub_sched'),
    object: 'subscription_schedule',
    application: null,
    billing_mode: subscription.billing_mode,
    canceled_at: null,
    completed_at: null,
    created,
    current_phase: { start_date: phase.start_date, end_date: phase.end_date },
    customer: subscription.customer,
    customer_account: null,
    default_settings: {
      application_fee_percent: null,
      automatic_tax: { disabled_reason: null, enabled: false, liability: null },
      billing_cycle_anchor: 'automatic',
      billing_thresholds: null,
      collection_method: 'charge_automatically',
      default_payment_method: null,
      description: null,
      invoice_settings: {
        account_tax_ids: null,
        custom_fields: null,
        days_until_due: null,
        description: null,
        footer: null,
        issuer: { type: 'self' },
      },
      on_behalf_of: null,
      transfer_data: null,
    },
    end_behavior: 'release',
    livemode: false,
    metadata,
    pause_schedules: [],
    phases: [phase],
    released_at: null,
    released_subscription: null,
    status: 'active',
    subscription: subscription.id,
    test_clock: subscription.test_clock,
  }
}
