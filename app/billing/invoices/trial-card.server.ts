import type { Types } from 'mongoose'
import { insertOnce } from '#models/insert-once.server.ts'
import { TrialCardModel } from '#models/trial-card.server.ts'
import { now } from '../../clock.server.ts'
import type { InvoiceCredits } from '../line-items/credits-for-invoice.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readCard } from '../stripe/objects/card.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'
import { defaultMethodOf } from '../stripe/retrieve-customer.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'

/**
 * Removes a trial's credits if its card was used for another user's trial. The first user with a card has it; safe to
 * repeat, concurrently and after a crash.
 * @param invoice the trial's free one
 * @throws StripeUnavailable
 */
export async function withoutSecondTrial(
  userId: Types.ObjectId,
  invoice: StripeInvoice,
  bought: InvoiceCredits,
): Promise<InvoiceCredits> {
  if (bought.trialCredits === 0 || invoice.billingReason !== 'subscription_create') return bought
  const fingerprint = await fingerprintOf(invoice)
  if (!fingerprint) return bought
  await insertOnce(TrialCardModel, { _id: fingerprint }, { userId, firstAt: now() })
  const { matchedCount } = await TrialCardModel.updateOne(
    { _id: fingerprint, userId: { $ne: userId } },
    { $addToSet: { refusedInvoiceIds: invoice.id } },
  )
  return matchedCount === 0 ? bought : { ...bought, trialCredits: 0 }
}

/** Whether a trial granted no credits because of its card. */
export async function isSecondTrialOfCard(invoiceId: string): Promise<boolean> {
  return (await TrialCardModel.exists({ refusedInvoiceIds: invoiceId })) !== null
}

/** Null if the trial has no card, or a test card, which identifies no person. */
async function fingerprintOf({ subscriptionId }: StripeInvoice): Promise<string | null> {
  const subscription = await retrieveSubscription(subscriptionId)
  const methodId = subscription?.paymentMethodId ?? (await defaultMethodOf(subscription?.customerId))
  const method = methodId ? await findAtStripe((stripe) => stripe.paymentMethods.retrieve(methodId)) : null
  if (!method) return null
  const { fingerprint, isLive } = readCard(method)
  return isLive ? fingerprint : null
}
