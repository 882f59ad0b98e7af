import { invalidRequest } from '../core/errors.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { Invoice } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { DAY } from '../core/clock.ts'
import { migrate, modeOfNew } from '../billing/subscriptions/billing-mode.ts'
import { redeem } from '../billing/invoices/discounts.ts'
import { preview } from '../billing/invoices/preview.ts'
import { previewRenewal } from '../billing/lifecycle/renew-subscription.ts'
import { ENDED } from '../billing/subscriptions/status.ts'
import { subscribe } from '../billing/lifecycle/create-subscription.ts'
import { updateSubscription } from '../billing/lifecycle/update-subscription.ts'
import { endpoint } from '../http/endpoint.ts'
import { either, emptyable, flag, hash, ignored, integer, list, oneOf, text } from '../http/params.ts'
import type { Values } from '../http/params.ts'
import { billingMode, itemChange, itemChanges, prorationBehavior, discounts } from './subscription-params.ts'

const params = {
  automatic_tax: ignored,
  currency: text,
  customer: text,
  customer_details: ignored,
  discounts,
  invoice_items: ignored,
  preview_mode: oneOf('next', 'recurring'),
  schedule: text,
  subscription: text,
  subscription_details: hash({
    billing_cycle_anchor: either(oneOf('now', 'unchanged'), integer),
    billing_mode: billingMode,
    cancel_at: emptyable(integer),
    cancel_at_period_end: flag,
    cancel_now: flag,
    default_tax_rates: ignored,
    items: list(itemChange),
    metadata: ignored,
    proration_behavior: prorationBehavior,
    proration_date: integer,
    start_date: integer,
    trial_end: either(oneOf('now'), integer),
  }),
}

export const invoicePreview = [
  endpoint('POST /v1/invoices/create_preview', params, ({ world, params, version }) => {
    const schedule = params.schedule ? find(world.tables.subscriptionSchedules, params.schedule, 'schedule') : null
    const id = params.subscription ?? schedule?.subscription
    return id ? previewUpdate(world, id, params) : previewNew(world, params, version)
  }),
]

/** The invoice for changing (or just renewing) a subscription. */
function previewUpdate(
  world: World,
  id: string,
  { subscription_details: details = {}, discounts }: Values<typeof params>,
): Invoice {
  const subscription = find(world.tables.subscriptions, id, 'subscription')
  if (
    ENDED.has(subscription.status) ||
    details.cancel_now ||
    ((subscription.cancel_at_period_end || details.cancel_at_period_end) && !details.items)
  )
    throw invalidRequest(
      'No upcoming invoices for customer: ' + subscription.customer,
      undefined,
      'invoice_upcoming_none',
      404,
    )
  return preview(world, () => {
    const patch = discounts
      ? {
          discounts: discounts.map(
            (discount) => redeem(world, discount, { customer: subscription.customer, subscription: id }).id,
          ),
        }
      : {}
    const anchor = details.billing_cycle_anchor
    const moved = details.billing_mode
      ? migrate(world, subscription, details.billing_mode, 'subscription_details[billing_mode]')
      : subscription
    const after = updateSubscription(world, moved, {
      items: details.items && itemChanges(world, details.items, 'subscription_details[items]'),
      prorationBehavior: details.proration_behavior,
      prorationDate: details.proration_date,
      billingCycleAnchor: anchor === 'now' || anchor === 'unchanged' ? anchor : undefined,
      trialEnd: details.trial_end,
      // A preview needs the amounts, not the payment.
      paymentBehavior: 'default_incomplete',
      patch,
    })
    const made = after.latest_invoice !== subscription.latest_invoice
    return made ? world.tables.invoices.get(after.latest_invoice!)! : previewRenewal(world, after)
  })
}

/** The first invoice of a new subscription. */
function previewNew(
  world: World,
  { customer, discounts, subscription_details: details }: Values<typeof params>,
  version: string,
): Invoice {
  if (!customer)
    throw invalidRequest('You must provide a customer, a subscription or a schedule.', 'customer', 'parameter_missing')
  const found = liveCustomer(world, customer)
  if (!details?.items)
    throw invalidRequest('No upcoming invoices for customer: ' + customer, undefined, 'invoice_upcoming_none', 404)
  return preview(world, () => {
    const items = itemChanges(world, details.items, 'subscription_details[items]').flatMap(({ price, quantity = 1 }) =>
      price ? [{ price, quantity }] : [],
    )
    const trialEnd = typeof details.trial_end === 'number' ? details.trial_end : null
    if (trialEnd !== null && trialEnd < world.now(customer) + DAY / 24)
      throw invalidRequest('trial_end must be in the future.', 'subscription_details[trial_end]')
    const made = subscribe(world, {
      customer: found,
      items,
      trialEnd,
      discounts: discounts ?? [],
      paymentBehavior: 'default_incomplete',
      given: { billing_mode: modeOfNew(details.billing_mode, version, 'subscription_details[billing_mode]') },
    })
    return world.tables.invoices.get(made.latest_invoice!)!
  })
}
