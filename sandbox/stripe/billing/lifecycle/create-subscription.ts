import { DAY } from '../../core/clock.ts'
import type { Seconds } from '../../core/clock.ts'
import { StripeApiError, invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import { nextBoundary } from '../../core/calendar.ts'
import type { Customer, InvoiceLine, Price, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newSubscription } from '../../objects/subscription.ts'
import { newSubscriptionItem } from '../../objects/catalog.ts'
import { intervalOf, requireCompatiblePrices } from '../subscriptions/billing-interval.ts'
import { collect } from '../collection/collect.ts'
import { redeem } from '../invoices/discounts.ts'
import type { DiscountRequest } from '../../core/rows.ts'
import { createDraft, finalize } from '../invoices/invoice.ts'
import { periodLines, takePendingItems } from '../invoices/lines.ts'
import { methodFor } from '../payments/payment-method.ts'
import type { PaymentSituation } from '../payments/payment-intent.ts'

export type PaymentBehavior =
  'allow_incomplete' | 'default_incomplete' | 'error_if_incomplete' | 'pending_if_incomplete'

export interface SubscribeRequest extends PaymentSituation {
  customer: Customer
  items: { price: Price; quantity: number; metadata?: Record<string, string> }[]
  /** One of the prices' additional currencies. */
  currency?: string | null
  trialEnd?: Seconds | null
  billingCycleAnchor?: Seconds
  discounts?: DiscountRequest[]
  paymentBehavior?: PaymentBehavior
  /** The checkout session that creates it, for its discounts. */
  session?: string
  given?: Partial<Subscription>
}

/** Creates a subscription with its first period and invoice, and attempts to collect it. */
export function subscribe(world: World, request: SubscribeRequest): Subscription {
  const { customer, trialEnd, paymentBehavior = 'allow_incomplete' } = request
  requireCompatiblePrices(
    request.items.map(({ price }) => price),
    request.given?.billing_mode,
  )
  const now = world.now(customer.id)
  const trial = trialEnd != null && trialEnd > now
  const anchor = trial ? trialEnd : (request.billingCycleAnchor ?? now)
  const id = newId('sub')
  const draft = newSubscription(now, {
    id,
    customer: customer.id,
    currency: request.currency ?? request.items[0]!.price.currency,
    billing_cycle_anchor: anchor,
    latest_invoice: newId('in'),
    status: trial ? 'trialing' : request.given?.collection_method === 'send_invoice' ? 'active' : 'incomplete',
    test_clock: customer.test_clock ?? null,
    trial_start: trial ? now : null,
    trial_end: trial ? trialEnd : null,
    ...request.given,
  })
  const items = request.items.map((item) =>
    newSubscriptionItem(now, {
      ...item,
      subscription: id,
      start: now,
      end: trial ? trialEnd : nextBoundary(anchor, intervalOf(item.price), now),
    }),
  )
  const discounts = (request.discounts ?? []).map(
    (discount) => redeem(world, discount, { customer: customer.id, subscription: id, session: request.session }).id,
  )
  const subscription = world.tables.subscriptions.insert({
    ...draft,
    discounts,
    items: { ...draft.items, data: items },
  })
  emit(world, 'customer.subscription.created', subscription)
  firstInvoice(world, subscription, { ...request, paymentBehavior }, { trial, partial: !trial && anchor > now })
  return world.tables.subscriptions.get(id)!
}

function firstInvoice(
  world: World,
  subscription: Subscription,
  request: SubscribeRequest,
  { trial, partial }: { trial: boolean; partial: boolean },
): void {
  const id = subscription.latest_invoice!
  const { customer, paymentBehavior } = request
  const lines = [
    ...takePendingItems(world, customer.id, null, id),
    ...periodLines(world, subscription, subscription.items.data, { trial }),
  ]
  const draft = createDraft(world, {
    customer,
    subscription,
    lines: partial ? lines.map((line) => shorten(world, line)) : lines,
    reason: 'subscription_create',
    currency: subscription.currency,
    given: { id },
  })
  const open = finalize(world, draft)
  if (open.status === 'paid') {
    collect(world, open)
    return
  }
  if (subscription.collection_method === 'send_invoice' || paymentBehavior === 'default_incomplete') return
  if (!methodFor(world, customer, subscription))
    throw invalidRequest(
      'This customer has no attached payment source or default payment method. Please consider adding a default payment method. For more information, visit https://stripe.com/docs/billing/subscriptions/payment-methods-setting#payment-method-priority.',
      undefined,
      'resource_missing',
    )
  const { invoice, error } = collect(world, open, request)
  if (paymentBehavior !== 'error_if_incomplete' || invoice.status === 'paid') return
  throw new StripeApiError(
    402,
    error ?? {
      type: 'card_error',
      code: 'subscription_payment_intent_requires_action',
      message: 'Payment for this subscription requires additional user action before it can be completed successfully.',
    },
  )
}

/** With an anchor in the future the first period is shorter, and so is its price. */
function shorten(world: World, line: InvoiceLine): InvoiceLine {
  const price = world.tables.prices.get(line.pricing?.price_details?.price ?? '')
  if (!price?.recurring) return line
  const whole = nextBoundary(line.period.end, intervalOf(price), line.period.end) - line.period.end
  const amount = Math.round((line.amount * (line.period.end - line.period.start)) / whole)
  return { ...line, amount, subtotal: amount }
}

/** The end of a trial of this many days from now. */
export function trialEndAfter(now: Seconds, days: number): Seconds {
  return now + days * DAY
}
