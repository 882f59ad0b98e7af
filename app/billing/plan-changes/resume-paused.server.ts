import type { User } from '#models/user.server.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { callStripe, isRefused } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { defaultMethodOf } from '../stripe/retrieve-customer.server.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { requireLiveSubscription } from '../subscriptions/live-subscription.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'

/** It stays paused until its invoice is paid. */
const PAYS_FIRST = 'resume_on_payment_success'

export type Restart =
  | { state: 'running' }
  /** There is no card that could be charged: the portal takes one. */
  | { state: 'card-needed' }
  /** It was charged and did not go through: `url` is Stripe's page of the invoice. */
  | { state: 'payment-needed'; url: string | null }

/**
 * Resumes a paused plan (its trial ended without a card, or the operator paused it): a new period starts and is charged
 * now, less the credit from when it was paused. A second request finds the first one's charge.
 * @throws NoSubscription, CardDeclined, StripeUnavailable
 */
export function restartPlan(user: Pick<User, '_id'>): Promise<Restart> {
  return withDeadline(async () => {
    const { subscription } = await requireLiveSubscription(user)
    if (subscription.status !== 'paused') {
      await syncSubscriptions(user._id)
      return { state: 'running' }
    }
    const waiting = await retrieveInvoice(subscription.latestInvoiceId)
    if (waiting?.isOpen) return { state: 'payment-needed', url: waiting.hostedInvoiceUrl }
    const card = subscription.paymentMethodId ?? (await defaultMethodOf(subscription.customerId))
    if (!card) return { state: 'card-needed' }
    return charged(user, await resumed(subscription))
  })
}

async function resumed({ id, latestInvoiceId }: StripeSubscription): Promise<StripeSubscription | null> {
  try {
    const after = await callStripe((stripe) =>
      stripe.subscriptions.resume(
        id,
        { billing_cycle_anchor: { type: 'now' }, payment_behavior: PAYS_FIRST },
        // Keyed by this pause: the next one follows another invoice.
        { idempotencyKey: `restart:${id}:${latestInvoiceId ?? 'none'}` },
      ),
    )
    return readSubscription(after)
  } catch (error) {
    // Another tab, or the operator, was first.
    if (isRefused(error)) return null
    throw error
  }
}

async function charged(user: Pick<User, '_id'>, subscription: StripeSubscription | null): Promise<Restart> {
  const invoice = await retrieveInvoice(subscription?.latestInvoiceId)
  // The webhook would grant the credits too; this way they are there on the next page.
  if (invoice?.isPaid) await recordPaidInvoice(invoice.id)
  await syncSubscriptions(user._id)
  return invoice?.isOpen ? { state: 'payment-needed', url: invoice.hostedInvoiceUrl } : { state: 'running' }
}
