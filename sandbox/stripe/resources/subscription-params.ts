import { invalidRequest } from '../core/errors.ts'
import { find } from '../core/lookup.ts'
import type { Subscription } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { findMethod } from '../billing/payments/payment-method.ts'
import { currentPeriod } from '../billing/subscriptions/status.ts'
import type { ItemChange } from '../billing/lifecycle/update-subscription.ts'
import {
  atLeast,
  either,
  emptyable,
  flag,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  required,
  text,
} from '../http/params.ts'
import type { Values } from '../http/params.ts'
import { priceData, priceFromData } from './price-data.ts'

export const itemFields = {
  price: text,
  plan: text,
  price_data: priceData,
  quantity: atLeast(0),
  metadata,
  discounts: ignored,
  tax_rates: ignored,
  billing_thresholds: ignored,
}
export const billingMode = hash({
  type: required(oneOf('classic', 'flexible')),
  flexible: hash({ proration_discounts: oneOf('included', 'itemized') }),
})
export const itemChange = hash({ ...itemFields, id: text, deleted: flag, clear_usage: flag })
export const discounts = emptyable(list(hash({ coupon: text, promotion_code: text, discount: text })))
export const details = hash({
  comment: emptyable(text),
  feedback: emptyable(
    oneOf(
      'customer_service',
      'low_quality',
      'missing_features',
      'other',
      'switched_service',
      'too_complex',
      'too_expensive',
      'unused',
    ),
  ),
})
export const prorationBehavior = oneOf('always_invoice', 'create_prorations', 'none')
export const paymentBehavior = oneOf(
  'allow_incomplete',
  'default_incomplete',
  'error_if_incomplete',
  'pending_if_incomplete',
)

export const automaticTax = hash({ enabled: required(flag), liability: ignored })
export const trialSettings = hash({
  end_behavior: required(hash({ missing_payment_method: required(oneOf('cancel', 'create_invoice', 'pause')) })),
})

export const common = {
  automatic_tax: automaticTax,
  cancel_at: emptyable(either(integer, oneOf('min_period_end', 'max_period_end'))),
  cancel_at_period_end: flag,
  collection_method: oneOf('charge_automatically', 'send_invoice'),
  days_until_due: atLeast(0),
  default_payment_method: text,
  description: emptyable(text),
  discounts,
  items: list(itemChange),
  invoice_settings: ignored,
  metadata,
  off_session: flag,
  payment_behavior: paymentBehavior,
  payment_settings: hash({
    save_default_payment_method: oneOf('off', 'on_subscription'),
    payment_method_types: ignored,
    payment_method_options: ignored,
  }),
  proration_behavior: prorationBehavior,
  trial_end: either(oneOf('now'), integer),
  trial_settings: trialSettings,
  trial_from_plan: flag,
}
type CommonParams = Values<typeof common>

/** The fields of a subscription that parameters set without moving money. */
export function plainPatch(world: World, params: CommonParams, before?: Subscription): Partial<Subscription> {
  const {
    default_payment_method,
    cancel_at_period_end,
    cancel_at,
    automatic_tax,
    description,
    trial_settings,
    payment_settings,
    collection_method,
    days_until_due,
  } = params
  const cancelAt = typeof cancel_at === 'string' ? before && periodEnd(before, cancel_at) : cancel_at
  return {
    ...(params.metadata !== undefined && { metadata: mergeMetadata(before?.metadata ?? {}, params.metadata) }),
    ...(default_payment_method !== undefined && {
      default_payment_method: findMethod(world, default_payment_method, 'default_payment_method').id,
    }),
    ...(description !== undefined && { description }),
    ...(collection_method !== undefined && { collection_method }),
    ...(days_until_due !== undefined && { days_until_due }),
    ...(automatic_tax && {
      automatic_tax: {
        disabled_reason: null,
        enabled: automatic_tax.enabled,
        liability: automatic_tax.enabled ? { type: 'self' } : null,
      },
    }),
    ...(trial_settings && {
      trial_settings: { end_behavior: { billing_cycle_anchor: null, ...trial_settings.end_behavior } },
    }),
    ...(payment_settings?.save_default_payment_method && {
      payment_settings: {
        payment_method_options: null,
        payment_method_types: null,
        save_default_payment_method: payment_settings.save_default_payment_method,
      },
    }),
    ...(cancelAt !== undefined && {
      cancel_at: cancelAt,
      // A date replaces the flag.
      cancel_at_period_end: false,
      canceled_at: cancelAt === null ? null : world.now(before?.customer),
    }),
    ...(cancel_at_period_end !== undefined && before && endAtPeriod(world, before, cancel_at_period_end)),
  }
}

/** The earliest or latest period end of the items. */
function periodEnd({ items }: Subscription, which: 'min_period_end' | 'max_period_end'): number {
  const ends = items.data.map((item) => item.current_period_end)
  return which === 'min_period_end' ? Math.min(...ends) : Math.max(...ends)
}

/** Stripe stores the cancellation request and its date beside the flag; undoing it clears all three. */
export function endAtPeriod(world: World, before: Subscription, wanted: boolean): Partial<Subscription> {
  if (wanted === before.cancel_at_period_end) return {}
  return {
    cancel_at_period_end: wanted,
    cancel_at: wanted ? currentPeriod(before).end : null,
    canceled_at: wanted ? world.now(before.customer) : null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...(wanted && before.cancellation_details),
      reason: wanted ? 'cancellation_requested' : null,
    },
  }
}

export function itemChanges(
  world: World,
  items: Values<{ items: typeof common.items }>['items'],
  path = 'items',
): ItemChange[] {
  return (items ?? []).map(({ id, price, plan, price_data, quantity, deleted, metadata: pairs }, index) => {
    const wanted = price ?? plan
    const found = wanted
      ? find(world.tables.prices, wanted, `${path}[${index}][price]`)
      : price_data
        ? priceFromData(world, price_data, `${path}[${index}][price_data]`)
        : undefined
    if (wanted && found && !found.active)
      throw invalidRequest(
        'The price specified is inactive. This field only accepts active prices.',
        `${path}[${index}][price]`,
      )
    return { id, quantity, deleted, price: found, ...(pairs && { metadata: pairs }) }
  })
}
