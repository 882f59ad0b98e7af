import type { User } from '#models/user.server.ts'
import type { PlanLine } from '../line-items/sold-line.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { isEnded } from './subscription-state.ts'

/*
 * What events say of subscriptions that Stripe itself does not know, like those of an account that was left or emptied.
 * There is nothing to read back, so an event is taken at its word; it never counts against what Stripe does say.
 */

/** A subscription as an event had it. */
export interface Told {
  subscription: StripeSubscription
  /** When Stripe made the event: of two, the later one is right. */
  at: Date
}

type Stored = NonNullable<User['subscription']>

/** A late word of one that has ended does not bring it back, and an older word does not undo a newer one. */
export function isStale({ subscription: { id, status }, at }: Told, stored: User['subscription']): boolean {
  if (isEnded(status)) return false
  if (stored?.endedSubscriptionId === id) return true
  return stored?.stripeSubscriptionId === id && Boolean(stored.toldAt && at < stored.toldAt)
}

/** The subscription that is stored, put into Stripe's shape: where nobody says otherwise, it is still so. */
export function asStored(stored: Stored & { stripeSubscriptionId: string }, customerId: string | null) {
  return {
    ...nothingKnown(stored.stripeSubscriptionId, customerId),
    status: stored.status,
    createdAt: stored.currentPeriodStart ?? new Date(0),
    hasCancelFlag: stored.cancelAtPeriodEnd,
    cancelAt: stored.cancelAt ?? null,
    trialEnd: stored.trialEnd ?? null,
    periodStart: stored.currentPeriodStart ?? null,
    periodEnd: stored.currentPeriodEnd ?? null,
    collectionResumesAt: stored.collectionResumesAt ?? null,
  } satisfies StripeSubscription
}

/**
 * What a paid invoice says of its subscription: that it runs, and until when.
 * @param main the line that says what the invoice is about
 */
export function toldByPaidInvoice(
  invoice: StripeInvoice,
  { main, at, stored }: { main: PlanLine | null; at: Date; stored: User['subscription'] },
): Told | null {
  const { subscriptionId, customerId, createdAt, lines } = invoice
  const line = lines.find(({ periodStart, amount }) => periodStart === main?.periodStart && amount === main.amount)
  if (!subscriptionId || !main || !line?.priceId) return null
  const { periodStart, periodEnd } = main
  const known = stored?.stripeSubscriptionId === subscriptionId ? stored : null
  const isTrial = main.amount === 0 && main.unitAmount !== '0'
  const subscription = {
    ...nothingKnown(subscriptionId, customerId),
    status: isTrial ? 'trialing' : 'active',
    createdAt,
    hasCancelFlag: known?.cancelAtPeriodEnd ?? false,
    cancelAt: known?.cancelAt ?? null,
    trialEnd: isTrial ? main.periodEnd : null,
    periodStart,
    periodEnd,
    latestInvoiceId: invoice.id,
    items: [{ id: '', priceId: line.priceId, name: null, quantity: main.quantity, periodStart, periodEnd }],
  }
  return { subscription, at }
}

/** What a renewal that could not be collected says of the subscription that is stored: that a payment is owed. */
export function toldByUnpaidInvoice(
  { subscriptionId, customerId, billingReason, isOpen }: StripeInvoice,
  { at, stored }: { at: Date; stored: User['subscription'] },
): Told | null {
  if (!isOpen || !subscriptionId || stored?.stripeSubscriptionId !== subscriptionId) return null
  if (billingReason !== null && billingReason !== 'subscription_cycle') return null
  const known = asStored({ ...stored, stripeSubscriptionId: subscriptionId }, customerId)
  return { subscription: { ...known, status: 'past_due' }, at }
}

/** What the end of a customer says of the subscription that is stored: Stripe ends them together. */
export function toldByDeletedCustomer({ subscription: stored, stripeCustomerId }: User, at: Date): Told | null {
  const id = stored?.stripeSubscriptionId
  if (!id) return null
  const known = asStored({ ...stored, stripeSubscriptionId: id }, stripeCustomerId ?? null)
  return { subscription: { ...known, status: 'canceled', endedAt: at, cancellationReason: 'customer_deleted' }, at }
}

function nothingKnown(id: string, customerId: string | null): StripeSubscription {
  return {
    id,
    customerId,
    status: 'active',
    createdAt: new Date(0),
    hasCancelFlag: false,
    cancelAt: null,
    canceledAt: null,
    endedAt: null,
    trialEnd: null,
    periodStart: null,
    periodEnd: null,
    cancellationReason: null,
    isCollectionPaused: false,
    collectionResumesAt: null,
    paymentMethodId: null,
    scheduleId: null,
    isClassic: true,
    latestInvoiceId: null,
    metadata: {},
    items: [],
    terms: null,
  }
}
