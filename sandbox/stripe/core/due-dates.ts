import { DAY, HOUR, MINUTE } from './clock.ts'
import type { Seconds } from './clock.ts'
import type {
  CheckoutSession,
  Customer,
  Invoice,
  PaymentIntent,
  Subscription,
  SubscriptionItem,
  SubscriptionSchedule,
} from './shapes.ts'
import type { Tables } from './tables.ts'

/** The first invoice must be paid within this time, or the subscription expires. */
export const INCOMPLETE_FOR = 23 * HOUR
/** How long before the end of a trial or period its event is sent. */
export const TRIAL_NOTICE = 3 * DAY
export const RENEWAL_NOTICE = 7 * DAY

/** How long a bank takes to answer a debit. */
const DEBIT_TAKES = 3 * MINUTE

/** When an object is due for processing next; null while only a request can change it. */
export function dueAt(tables: Tables, table: string, row: unknown): Seconds | null {
  if (table === 'subscription') return subscriptionDue(tables, row as Subscription)
  if (table === 'payment_intent')
    return (row as PaymentIntent).status === 'processing' ? (row as PaymentIntent).created + DEBIT_TAKES : null
  if (table === 'invoice') return invoiceDue(row as Invoice)
  if (table === 'checkout.session')
    return (row as CheckoutSession).status === 'open' ? (row as CheckoutSession).expires_at : null
  if (table === 'subscription_schedule') return scheduleDue(row as SubscriptionSchedule)
  return null
}

/** The test clock that an object lives on, or null for the sandbox's own clock. */
export function clockOf(tables: Tables, row: unknown): string | null {
  const customer = (row as { customer?: string | null }).customer
  const owner: Customer | undefined = customer ? tables.customers.get(customer) : undefined
  return owner?.test_clock ?? null
}

function subscriptionDue(tables: Tables, subscription: Subscription): Seconds | null {
  const { status, cancel_at, pending_update, trial_end, items } = subscription
  if (status === 'canceled' || status === 'incomplete_expired') return null
  if (status === 'incomplete') return subscription.created + INCOMPLETE_FOR
  const end = Math.min(...items.data.map((item) => item.current_period_end))
  const notes = tables.subscriptionNotes.get(subscription.id)
  const dates = [cancel_at, pending_update?.expires_at ?? null, subscription.pause_collection?.resumes_at ?? null]
  if (status !== 'paused') dates.push(end)
  if (status === 'trialing' && trial_end && notes?.trialEndAnnounced !== trial_end)
    dates.push(Math.max(subscription.created, trial_end - TRIAL_NOTICE))
  if (status === 'active' && !subscription.cancel_at_period_end && notes?.renewalAnnounced !== end)
    dates.push(announceAt(subscription, end))
  const known = dates.filter((date) => date !== null)
  return known.length > 0 ? Math.min(...known) : null
}

/** When to send `invoice.upcoming`; never for a period shorter than the notice. */
function announceAt(subscription: Subscription, end: Seconds): Seconds | null {
  const start = Math.min(...dueFirst(subscription.items.data).map((item) => item.current_period_start))
  return end - RENEWAL_NOTICE > start ? end - RENEWAL_NOTICE : null
}

function invoiceDue(invoice: Invoice): Seconds | null {
  if (!invoice.auto_advance) return null
  if (invoice.status === 'draft') return invoice.automatically_finalizes_at
  return invoice.status === 'open' ? invoice.next_payment_attempt : null
}

function scheduleDue(schedule: SubscriptionSchedule): Seconds | null {
  if (schedule.status === 'not_started') return schedule.phases[0]?.start_date ?? null
  return schedule.status === 'active' ? (schedule.current_phase?.end_date ?? null) : null
}

/** The items whose period ends first, which the next renewal invoices. */
export function dueFirst(items: SubscriptionItem[]): SubscriptionItem[] {
  const end = Math.min(...items.map((item) => item.current_period_end))
  return items.filter((item) => item.current_period_end === end)
}
