import { emit } from '../../core/events.ts'
import type { Invoice, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { paymentOf } from '../invoices/invoice-payment.ts'

/**
 * The subscription's state machine. Money and time move it:
 *
 *     incomplete → (first invoice paid) → active          incomplete → (23 hours) → incomplete_expired
 *     trialing   → (trial over) → active | paused | canceled
 *     active     → (renewal unpaid) → past_due → (paid) → active
 *                                              → (last retry failed) → canceled | unpaid | past_due
 *     unpaid     → (latest invoice paid) → active         paused → (resumed and paid) → active
 *     any living → (cancel, or its date) → canceled
 */
export const ENDED = new Set<string>(['canceled', 'incomplete_expired'])

/** Updates a subscription and emits the event. */
export function change(world: World, before: Subscription, patch: Partial<Subscription>): Subscription {
  const after = world.tables.subscriptions.update(before.id, patch)
  emit(world, 'customer.subscription.updated', after, before)
  return after
}

/** The subscription an invoice is for. */
export function subscriptionOf(world: World, invoice: Invoice): Subscription | undefined {
  const id = invoice.parent?.subscription_details?.subscription
  return id ? world.tables.subscriptions.get(id) : undefined
}

export function currentPeriod(subscription: Subscription): { start: number; end: number } {
  const items = subscription.items.data
  return {
    start: Math.min(...items.map((item) => item.current_period_start)),
    end: Math.min(...items.map((item) => item.current_period_end)),
  }
}

/** Activates the subscription of a paid invoice, if it was waiting for that. */
export function invoicePaid(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice)
  if (!subscription || ENDED.has(subscription.status)) return
  setDelinquent(world, subscription.customer, false)
  const first = invoice.billing_reason === 'subscription_create'
  const latest = subscription.latest_invoice === invoice.id
  if (
    (subscription.status === 'incomplete' && first) ||
    (latest && ['past_due', 'unpaid', 'paused'].includes(subscription.status))
  ) {
    const after = change(world, subscription, { status: 'active', ...cardToKeep(world, subscription, invoice) })
    if (subscription.status === 'paused') emit(world, 'customer.subscription.resumed', after)
  }
}

/** With `save_default_payment_method` the card that paid becomes the subscription's default. */
function cardToKeep(world: World, subscription: Subscription, invoice: Invoice): Partial<Subscription> {
  if (subscription.payment_settings?.save_default_payment_method !== 'on_subscription') return {}
  const intent = paymentOf(world, invoice)?.payment.payment_intent
  const method = intent ? world.tables.paymentIntents.get(intent)?.payment_method : null
  return method ? { default_payment_method: method } : {}
}

/** After a failed payment: the first invoice leaves the subscription incomplete, a later one makes it past due. */
export function invoiceFailed(world: World, invoice: Invoice): void {
  const subscription = subscriptionOf(world, invoice)
  if (!subscription || invoice.billing_reason === 'subscription_create') return
  setDelinquent(world, subscription.customer, true)
  if (subscription.status === 'active' || subscription.status === 'trialing')
    change(world, subscription, { status: 'past_due' })
}

/** Cancels a subscription: it no longer renews, and its open invoices are no longer collected. */
export function end(
  world: World,
  before: Subscription,
  reason: NonNullable<Subscription['cancellation_details']>['reason'],
  details: Partial<NonNullable<Subscription['cancellation_details']>> = {},
): Subscription {
  const now = world.now(before.customer)
  const after = world.tables.subscriptions.update(before.id, {
    status: 'canceled',
    canceled_at: before.canceled_at ?? now,
    ended_at: now,
    pending_update: null,
    schedule: null,
    cancellation_details: {
      comment: null,
      feedback: null,
      feedback_option: null,
      ...before.cancellation_details,
      ...details,
      reason,
    },
  })
  for (const invoice of world.tables.invoices.filter(
    (row) => row.parent?.subscription_details?.subscription === before.id,
  )) {
    if (invoice.status !== 'open' && invoice.status !== 'draft') continue
    const stopped = world.tables.invoices.update(invoice.id, {
      auto_advance: false,
      automatically_finalizes_at: null,
      next_payment_attempt: null,
    })
    emit(world, 'invoice.updated', stopped, invoice)
  }
  emit(world, 'customer.subscription.deleted', after)
  return after
}

function setDelinquent(world: World, customer: string, delinquent: boolean): void {
  const before = world.tables.customers.get(customer)
  if (before && before.delinquent !== delinquent)
    emit(world, 'customer.updated', world.tables.customers.update(customer, { delinquent }), before)
}
