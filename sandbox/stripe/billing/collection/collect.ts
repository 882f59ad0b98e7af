import { DAY } from '../../core/clock.ts'
import { emit } from '../../core/events.ts'
import type { ErrorBody } from '../../core/errors.ts'
import type { Invoice, PaymentIntent, PaymentMethod } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { markPaid, markPartPaid } from '../invoices/invoice.ts'
import { methodFor } from '../payments/payment-method.ts'
import { confirm } from '../payments/payment-intent.ts'
import type { PaymentOutcome, PaymentSituation } from '../payments/payment-intent.ts'
import { applyPendingUpdate } from '../subscriptions/pending-update.ts'
import { disputeIfMeantTo } from '../payments/dispute.ts'
import { change, end, invoiceFailed, invoicePaid, subscriptionOf } from '../subscriptions/status.ts'
import { paymentOf } from '../invoices/invoice-payment.ts'

export type Collection = { invoice: Invoice; error?: ErrorBody }

/** Attempts to collect an open invoice, and updates its subscription and pending update by the outcome. */
export function collect(
  world: World,
  invoice: Invoice,
  options: PaymentSituation & { method?: PaymentMethod; automatic?: boolean } = {},
): Collection {
  if (invoice.status === 'paid') return paid(world, invoice)
  const customer = world.tables.customers.get(invoice.customer!)!
  const method =
    options.method ?? methodOfInvoice(world, invoice) ?? methodFor(world, customer, subscriptionOf(world, invoice))
  const intent = world.tables.paymentIntents.get(paymentOf(world, invoice)!.payment.payment_intent!)!
  if (!method) return failed(world, invoice, NO_CARD, options.automatic)
  return settle(world, invoice, confirm(world, intent, method, options), options.automatic)
}

const NO_CARD: ErrorBody = {
  type: 'invalid_request_error',
  code: 'resource_missing',
  message:
    'This customer has no attached payment source or default payment method. Please consider adding a default payment method.',
}

function methodOfInvoice(world: World, invoice: Invoice): PaymentMethod | undefined {
  return invoice.default_payment_method ? world.tables.paymentMethods.get(invoice.default_payment_method) : undefined
}

/** Applies the outcome of a payment to its invoice. */
export function settle(world: World, invoice: Invoice, outcome: PaymentOutcome, automatic = false): Collection {
  if (outcome.result === 'succeeded') {
    const collection = receive(world, counted(world, invoice, automatic), outcome.intent)
    disputeIfMeantTo(world, outcome.intent)
    return collection
  }
  // A payment attached beside the default one does not count as an attempt to collect.
  if (paymentOf(world, invoice, outcome.intent.id)?.is_default === false) {
    return outcome.result === 'failed' ? { invoice, error: outcome.error } : { invoice }
  }
  if (outcome.result === 'processing') return { invoice: world.tables.invoices.get(invoice.id)! }
  if (outcome.result === 'failed') return failed(world, invoice, outcome.error, automatic)
  emit(world, 'invoice.payment_action_required', world.tables.invoices.get(invoice.id)!)
  return { invoice: world.tables.invoices.get(invoice.id)! }
}

/** Records a payment for an invoice: the remaining amount, or a part. */
export function receive(world: World, invoice: Invoice, intent: PaymentIntent): Collection {
  if (intent.amount < invoice.amount_remaining) return { invoice: markPartPaid(world, invoice, intent) }
  return paid(world, markPaid(world, invoice, { intent: intent.id }))
}

function paid(world: World, invoice: Invoice): Collection {
  applyPendingUpdate(world, invoice)
  invoicePaid(world, invoice)
  return { invoice }
}

/** Dunning: each failed attempt schedules the next; after the last one the settings decide. */
function failed(world: World, before: Invoice, error: ErrorBody, automatic = false): Collection {
  const retries =
    before.auto_advance &&
    before.billing_reason !== 'subscription_create' &&
    before.collection_method === 'charge_automatically'
  const attempt = before.attempt_count + (automatic || before.attempt_count === 0 ? 1 : 0)
  const wait = world.settings.retryAfterDays[attempt - 1]
  const next = retries && wait !== undefined ? world.now(before.customer) + wait * DAY : null
  const invoice = world.tables.invoices.update(before.id, {
    attempted: true,
    attempt_count: attempt,
    next_payment_attempt: automatic || before.attempt_count === 0 ? next : before.next_payment_attempt,
  })
  emit(world, 'invoice.updated', invoice, before)
  emit(world, 'invoice.payment_failed', invoice)
  if (error.code === 'authentication_required') emit(world, 'invoice.payment_action_required', invoice)
  invoiceFailed(world, invoice)
  if (retries && next === null && automatic) giveUp(world, invoice)
  return { invoice, error }
}

function giveUp(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice)
  if (!subscription || subscription.status !== 'past_due') return
  if (world.settings.afterLastRetry === 'cancel') end(world, subscription, 'payment_failed')
  if (world.settings.afterLastRetry === 'unpaid') change(world, subscription, { status: 'unpaid' })
}

function counted(world: World, invoice: Invoice, automatic: boolean): Invoice {
  const attempts = invoice.attempt_count + (automatic || invoice.attempt_count === 0 ? 1 : 0)
  return world.tables.invoices.update(invoice.id, { attempt_count: attempts })
}
