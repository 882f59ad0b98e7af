import { StripeApiError } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import type { CheckoutSession, PaymentIntent, PaymentMethod } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newPaymentIntent, newSetupIntent } from '../../objects/payment.ts'
import type { CheckoutOrder } from '../../core/rows.ts'
import { hasTrial } from './totals.ts'
import { collect } from '../collection/collect.ts'
import { createDraft, finalize } from '../invoices/invoice.ts'
import { addOneTime, takePendingItems } from '../invoices/lines.ts'
import { confirm } from '../payments/payment-intent.ts'
import type { PaymentSituation } from '../payments/payment-intent.ts'
import { subscribe, trialEndAfter } from '../lifecycle/create-subscription.ts'
import { disputeIfMeantTo } from '../payments/dispute.ts'
import { paymentOf } from '../invoices/invoice-payment.ts'

type Fulfill = (
  world: World,
  session: CheckoutSession,
  order: CheckoutOrder,
  method: PaymentMethod | null,
  situation: PaymentSituation,
  waiting?: PaymentIntent,
) => CheckoutSession

/** Fulfills a paid session, by its mode. */
export const FULFILL: Record<'subscription' | 'payment' | 'setup', Fulfill> = {
  subscription(world, session, order, method, situation) {
    const { subscriptionData: data } = order
    const customer = world.tables.customers.get(session.customer!)!
    const trial = hasTrial(world, session, order)
    const oneTime = order.items.filter(({ price }) => !world.tables.prices.get(price)!.recurring)
    for (const item of oneTime) addOneTime(world, customer, item)
    const subscription = subscribe(world, {
      ...situation,
      customer,
      currency: session.currency,
      items: order.items
        .filter((item) => !oneTime.includes(item))
        .map((item) => ({ price: world.tables.prices.get(item.price)!, quantity: item.quantity, metadata: {} })),
      trialEnd: trial ? (data.trialEnd ?? trialEndAfter(world.now(customer.id), data.trialDays!)) : null,
      billingCycleAnchor: data.billingCycleAnchor,
      discounts: order.discounts,
      paymentBehavior: 'error_if_incomplete',
      session: session.id,
      given: {
        automatic_tax: {
          disabled_reason: null,
          enabled: session.automatic_tax.enabled,
          liability: session.automatic_tax.enabled ? { type: 'self' } : null,
        },
        default_payment_method: method?.id ?? null,
        description: data.description ?? null,
        metadata: data.metadata ?? {},
        ...(data.billingMode && { billing_mode: data.billingMode }),
        ...(data.trialSettings && { trial_settings: data.trialSettings }),
      },
    })
    return { ...session, subscription: subscription.id, invoice: subscription.latest_invoice }
  },

  payment(world, session, order, method, situation, waiting) {
    if ((session.amount_total ?? 0) === 0 || !method) return session
    if (session.invoice_creation?.enabled && session.customer)
      return payByInvoice(world, session, order, method, situation)
    const intent = waiting ?? newIntent(world, session, order)
    const outcome = confirm(world, intent, method, situation)
    if (outcome.result === 'failed') throw new StripeApiError(402, outcome.error)
    disputeIfMeantTo(world, outcome.intent)
    return { ...session, payment_intent: intent.id }
  },

  setup(world, session, _order, method) {
    const intent = world.tables.setupIntents.insert(
      newSetupIntent(world.now(session.customer), {
        customer: session.customer,
        payment_method: method?.id ?? null,
        status: 'succeeded',
      }),
    )
    emit(world, 'setup_intent.created', intent)
    emit(world, 'setup_intent.succeeded', intent)
    return { ...session, setup_intent: intent.id }
  },
}

/** A payment intent for the session's total. */
export function newIntent(world: World, session: CheckoutSession, order: CheckoutOrder): PaymentIntent {
  const {
    metadata = {},
    description = null,
    receiptEmail = null,
    setupFutureUsage = null,
    shipping = null,
  } = session.mode === 'payment' ? order.paymentData : {}
  const intent = world.tables.paymentIntents.insert(
    newPaymentIntent(world.now(session.customer), {
      amount: session.amount_total ?? 0,
      currency: session.currency ?? 'usd',
      customer: session.customer,
      description: session.mode === 'subscription' ? 'Subscription creation' : description,
      metadata,
      receipt_email: receiptEmail,
      shipping,
      setup_future_usage: session.mode === 'subscription' ? 'off_session' : setupFutureUsage,
    }),
  )
  emit(world, 'payment_intent.created', intent)
  return intent
}

function payByInvoice(
  world: World,
  session: CheckoutSession,
  order: CheckoutOrder,
  method: PaymentMethod,
  situation: PaymentSituation,
): CheckoutSession {
  const customer = world.tables.customers.get(session.customer!)!
  for (const item of order.items) addOneTime(world, customer, item)
  const id = newId('in')
  const lines = takePendingItems(world, customer.id, null, id)
  const invoice = finalize(
    world,
    createDraft(world, { customer, lines, reason: 'manual', currency: session.currency ?? 'usd', given: { id } }),
  )
  const { error } = collect(world, invoice, { ...situation, method })
  if (error) throw new StripeApiError(402, error)
  return { ...session, invoice: invoice.id, payment_intent: paymentOf(world, invoice)?.payment.payment_intent ?? null }
}
