import { nextBoundary } from '../../core/calendar.ts'
import { HOUR } from '../../core/clock.ts'
import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import type { Invoice, Subscription, SubscriptionItem } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { intervalOf } from '../subscriptions/billing-interval.ts'
import { INCOMPLETE_FOR, RENEWAL_NOTICE, TRIAL_NOTICE, dueFirst } from '../../core/due-dates.ts'
import { createDraft, voidInvoice } from '../invoices/invoice.ts'
import { periodLines, takePendingItems } from '../invoices/lines.ts'
import { dropPendingUpdate } from '../subscriptions/pending-update.ts'
import { preview } from '../invoices/preview.ts'
import { advanceSchedule } from './schedule.ts'
import { change, currentPeriod, end } from '../subscriptions/status.ts'
import { endTrialWithoutCard } from '../subscriptions/trial-end.ts'

/**
 * Processes a subscription when one of its dates has passed:
 *
 * 1. a scheduled cancellation takes effect (`cancel_at`, `cancel_at_period_end`);
 * 2. a trial that is over becomes a paid plan, or without a card what its settings say;
 * 3. a period that is over is followed by the next, with an invoice that stays a draft for an hour and is then
 *    finalized and collected (`process-due.ts`, `collect.ts`); if that fails, dunning begins there.
 */
export function processSubscription(world: World, subscription: Subscription): void {
  const now = world.now(subscription.customer)
  const period = currentPeriod(subscription)
  const trialOver =
    subscription.status === 'trialing' && subscription.trial_end !== null && subscription.trial_end <= now

  if (subscription.status === 'incomplete') return expire(world, subscription)
  if (subscription.cancel_at !== null && subscription.cancel_at <= now)
    return void end(world, subscription, 'cancellation_requested')
  if (subscription.cancel_at_period_end && period.end <= now)
    return void end(world, subscription, 'cancellation_requested')
  if (subscription.pending_update && subscription.pending_update.expires_at <= now)
    return dropPendingUpdate(world, subscription)
  if (subscription.pause_collection?.resumes_at != null && subscription.pause_collection.resumes_at <= now)
    return void change(world, subscription, { pause_collection: null })
  if (trialOver) return endTrial(world, scheduled(world, subscription))
  if (period.end <= now) return void renew(world, scheduled(world, subscription))
  announce(world, subscription, now)
}

/** The subscription after its schedule has been applied. */
export function scheduled(world: World, subscription: Subscription): Subscription {
  const schedule = world.tables.subscriptionSchedules.get(subscription.schedule ?? '')
  if (schedule) advanceSchedule(world, schedule)
  return world.tables.subscriptions.get(subscription.id)!
}

/**
 * Starts the next period of the items whose period is over: new dates, and an invoice for it with all pending
 * invoice items.
 */
export function renew(world: World, before: Subscription, patch: Partial<Subscription> = {}): Invoice {
  const due = dueFirst(before.items.data)
  const ended = {
    start: Math.min(...due.map((item) => item.current_period_start)),
    end: due[0]!.current_period_end,
  }
  const anchor = patch.billing_cycle_anchor ?? before.billing_cycle_anchor
  const next = (item: SubscriptionItem): SubscriptionItem => ({
    ...item,
    current_period_start: ended.end,
    current_period_end: nextBoundary(anchor, intervalOf(item.price), ended.end),
  })
  const items = before.items.data.map((item) => (due.includes(item) ? next(item) : item))
  const id = newId('in')
  const subscription = change(world, before, { ...patch, items: { ...before.items, data: items }, latest_invoice: id })
  const collects = subscription.status !== 'unpaid' && subscription.pause_collection?.behavior !== 'keep_as_draft'
  return createDraft(world, {
    customer: world.tables.customers.get(subscription.customer)!,
    subscription,
    lines: [
      ...takePendingItems(world, subscription.customer, subscription.id, id),
      ...periodLines(
        world,
        subscription,
        items.filter(({ current_period_start: start }) => start === ended.end),
      ),
    ],
    reason: 'subscription_cycle',
    currency: subscription.currency,
    period: ended,
    finalizesAt: collects ? world.now(subscription.customer) + HOUR : null,
    given: { id, auto_advance: collects },
  })
}

/** The invoice of the next renewal. */
export function previewRenewal(world: World, subscription: Subscription): Invoice {
  const moment =
    subscription.trial_end && subscription.status === 'trialing'
      ? subscription.trial_end
      : currentPeriod(subscription).end
  return preview(world, () =>
    atMoment(world, subscription.customer, moment, () =>
      renew(world, scheduled(world, world.tables.subscriptions.get(subscription.id)!)),
    ),
  )
}

/** Runs some work at another moment of the sandbox's clock or the customer's test clock. Only for previews. */
function atMoment<T>(world: World, customer: string, moment: number, work: () => T): T {
  const clock = world.tables.customers.get(customer)?.test_clock
  if (clock) world.tables.testClocks.update(clock, { frozen_time: moment })
  return world.clock.at(moment, work)
}

function endTrial(world: World, subscription: Subscription): void {
  if (endTrialWithoutCard(world, subscription)) return
  renew(world, subscription, { status: 'active', billing_cycle_anchor: subscription.trial_end! })
}

/** Expires a subscription whose first invoice was not paid in time. */
function expire(world: World, before: Subscription): void {
  if (before.created + INCOMPLETE_FOR > world.now(before.customer)) return
  const subscription = world.tables.subscriptions.update(before.id, {
    status: 'incomplete_expired',
    ended_at: world.now(before.customer),
  })
  emit(world, 'customer.subscription.updated', subscription, before)
  const invoice = world.tables.invoices.get(before.latest_invoice ?? '')
  if (invoice?.status === 'open') voidInvoice(world, invoice)
}

/** Sends the events before a trial's or period's end, once each. */
function announce(world: World, subscription: Subscription, now: number): void {
  const { subscriptionNotes } = world.tables
  const notes =
    subscriptionNotes.get(subscription.id) ??
    subscriptionNotes.insert({ id: subscription.id, trialEndAnnounced: null, renewalAnnounced: null })
  const { end: periodEnd } = currentPeriod(subscription)
  const { trial_end, status } = subscription
  if (
    status === 'trialing' &&
    trial_end !== null &&
    trial_end - TRIAL_NOTICE <= now &&
    notes.trialEndAnnounced !== trial_end
  ) {
    subscriptionNotes.update(subscription.id, { trialEndAnnounced: trial_end })
    emit(world, 'customer.subscription.trial_will_end', subscription)
  }
  if (status === 'active' && periodEnd - RENEWAL_NOTICE <= now && notes.renewalAnnounced !== periodEnd) {
    const upcoming = previewRenewal(world, subscription)
    subscriptionNotes.update(subscription.id, { renewalAnnounced: periodEnd })
    emit(world, 'invoice.upcoming', upcoming)
  }
  // A new note does not update the subscription, so this refreshes its next date.
  world.tables.subscriptions.update(subscription.id, {})
}
