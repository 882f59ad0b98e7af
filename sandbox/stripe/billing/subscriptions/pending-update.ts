import { emit } from '../../core/events.ts'
import type { SubscriptionChange } from '../../core/rows.ts'
import type { Invoice, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { voidInvoice } from '../invoices/invoice.ts'

export function holdUpdate(
  world: World,
  subscription: Subscription,
  change: Omit<SubscriptionChange, 'id'>,
): Subscription {
  const { tables } = world
  // At most one update can be pending: another one voids the invoice of the first.
  const earlier = tables.invoices.get(tables.subscriptionChanges.get(subscription.id)?.invoice ?? '')
  tables.subscriptionChanges.remove(subscription.id)
  if (earlier?.status === 'open') voidInvoice(world, earlier)
  tables.subscriptionChanges.insert({ id: subscription.id, ...change })
  const after = tables.subscriptions.update(subscription.id, {
    latest_invoice: change.invoice,
    pending_update: {
      billing_cycle_anchor: change.patch.billing_cycle_anchor ?? null,
      cancel_at_period_end: null,
      discount: null,
      discounts: null,
      expires_at: change.expiresAt,
      metadata: null,
      subscription_items: change.patch.items?.data ?? null,
      trial_end: null,
      trial_from_plan: null,
    },
  })
  emit(world, 'customer.subscription.updated', after, subscription)
  return after
}

/** Applies a pending update whose invoice was paid. */
export function applyPendingUpdate(world: World, invoice: Invoice): void {
  const { tables } = world
  for (const waiting of tables.subscriptionChanges.filter((change) => change.invoice === invoice.id)) {
    const before = tables.subscriptions.get(waiting.id)!
    tables.subscriptionChanges.remove(waiting.id)
    const after = tables.subscriptions.update(before.id, { ...waiting.patch, pending_update: null })
    emit(world, 'customer.subscription.pending_update_applied', after, before)
    emit(world, 'customer.subscription.updated', after, before)
  }
}

/** Drops a pending update that was not paid in time: its invoice is voided and the subscription is unchanged. */
export function dropPendingUpdate(world: World, before: Subscription): void {
  const waiting = world.tables.subscriptionChanges.get(before.id)
  if (!waiting) return
  world.tables.subscriptionChanges.remove(before.id)
  const after = world.tables.subscriptions.update(before.id, { pending_update: null })
  emit(world, 'customer.subscription.pending_update_expired', after, before)
  emit(world, 'customer.subscription.updated', after, before)
  const invoice = world.tables.invoices.get(waiting.invoice)
  if (invoice?.status === 'open') voidInvoice(world, invoice)
}
