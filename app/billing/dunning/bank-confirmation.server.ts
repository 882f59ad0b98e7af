import { type User, UserModel } from '#models/user.server.ts'
import { readBack } from '../invoices/record-paid-invoice.server.ts'
import { whileSomebodyWaits } from '../stripe/deadline.server.ts'
import { findRunning } from '../subscriptions/live-subscription.server.ts'
import { findAtStripe } from '../stripe/client.server.ts'

/**
 * Whether the bank wants its customer: the payment waits for 3-D Secure, or was refused because nobody was there to do it.
 * @param invoiceId of an open invoice; false as well when Stripe does not know it
 */
export async function needsConfirmation(invoiceId: string): Promise<boolean> {
  const payments = await findAtStripe((stripe) =>
    stripe.invoicePayments.list({ invoice: invoiceId, limit: 10, expand: ['data.payment.payment_intent'] }),
  )
  return (payments?.data ?? []).some(({ payment }) => {
    const intent = payment.payment_intent
    if (!intent || typeof intent === 'string') return false
    return intent.status === 'requires_action' || intent.last_payment_error?.code === 'authentication_required'
  })
}

/**
 * Notes what the way out of a failed payment is, since no page load asks Stripe. It decides nothing, and so needs no
 * fence: whoever is sent to the wrong page can pay there as well.
 * @param user with the subscription that the payment is for
 */
export async function noteConfirmation({ _id, subscription }: User, isAsked: boolean): Promise<void> {
  const id = subscription?.stripeSubscriptionId
  if (!id) return
  const filter = { _id, 'subscription.stripeSubscriptionId': id }
  await UserModel.updateOne(filter, { $set: { 'subscription.confirmationAsked': isAsked } })
}

/**
 * Where the bank's customer confirms what is owed: Stripe's page of the invoice.
 * @returns null when nothing is open any more
 * @throws NoSubscription, StripeUnavailable
 */
export function confirmationPage(user: Pick<User, '_id'>): Promise<string | null> {
  return whileSomebodyWaits(async () => {
    const { subscription } = await findRunning(user)
    const invoice = subscription.latestInvoiceId ? await readBack(subscription.latestInvoiceId) : null
    return invoice?.isOpen ? invoice.hostedInvoiceUrl : null
  })
}
