import { type User, UserModel } from '#models/user.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { requireLiveSubscription } from '../subscriptions/live-subscription.server.ts'

/**
 * Stores whether the open payment needs the bank's confirmation or a new card, since no page load asks Stripe. It only
 * picks a link, so it needs no fence: the customer can pay on either page.
 */
export async function noteConfirmation({ _id, subscription }: User, isAsked: boolean): Promise<void> {
  const id = subscription?.stripeSubscriptionId
  if (!id) return
  const filter = { _id, 'subscription.stripeSubscriptionId': id }
  await UserModel.updateOne(filter, { $set: { 'subscription.confirmationAsked': isAsked } })
}

/**
 * The invoice page where the customer confirms the open payment with the bank.
 * @returns null when nothing is open
 * @throws NoSubscription, StripeUnavailable
 */
export function confirmationPage(user: Pick<User, '_id'>): Promise<string | null> {
  return withDeadline(async () => {
    const { subscription } = await requireLiveSubscription(user)
    const invoice = await retrieveInvoice(subscription.latestInvoiceId)
    return invoice?.isOpen ? invoice.hostedInvoiceUrl : null
  })
}
