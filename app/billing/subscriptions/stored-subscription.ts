import type { User } from '#models/user.server.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'

type Stored = NonNullable<User['subscription']>

/** The stored subscription in Stripe's shape: it applies while nothing newer is known. */
export function asStored(stored: Stored & { stripeSubscriptionId: string }, customerId: string | null) {
  return {
    ...unknownSubscription(stored.stripeSubscriptionId, customerId),
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

/** A subscription known only by its ID. */
export function unknownSubscription(id: string, customerId: string | null): StripeSubscription {
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
