import { Types } from 'mongoose'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { listOffers, lookupKeyOf } from '../catalog/offers.ts'
import { priceIdOf } from '../catalog/prices.server.ts'
import { fulfillCheckout } from '../checkout/fulfill-checkout.server.ts'
import { resolveUser, unmatchedOutcome } from '../customers/resolve-user.server.ts'
import { OfferUnavailable } from '../errors.ts'
import type { FindingKind, Subject } from '../findings/findings.server.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { done, ignored, type Outcome, unmatched } from '../outcome.ts'
import { processCreditNote } from '../refunds/credit-note.server.ts'
import { processDispute } from '../refunds/dispute.server.ts'
import { processRefunds } from '../refunds/refund.server.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { planItemOf } from '../subscriptions/plan-item.server.ts'
import { isLive } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'

const examiners: Record<FindingKind, (id: string) => Promise<Outcome>> = {
  invoice: examineInvoice,
  session: fulfillCheckout,
  subscription: examineSubscription,
  user: examineUser,
  charge: processRefunds,
  credit_note: processCreditNote,
  dispute: processDispute,
  price: examinePrice,
}

/**
 * Examines one mismatched object through the functions that webhooks use.
 * @returns what was done; or that it has no counterpart here, which only a human can settle
 * @throws what those functions throw; then it is to be looked at again
 */
export const examine = ({ kind, id }: Subject): Promise<Outcome> => examiners[kind](id)

async function examineInvoice(id: string): Promise<Outcome> {
  const outcome = await recordPaidInvoice(id)
  if (outcome.changed || outcome.isUnmatched) return outcome
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: id }).select({ amount: 1 }).lean()
  const invoice = row && (await retrieveInvoice(id))
  if (!invoice || row.amount === invoice.amountPaid) return outcome
  return unmatched(`${id}: ${invoice.amountPaid} ${invoice.currency} was paid, its row says ${row.amount}.`)
}

/** A price that differed from the one on sale; the subject's ID is its lookup key. */
async function examinePrice(lookupKey: string): Promise<Outcome> {
  const offer = listOffers().find((one) => lookupKeyOf(one) === lookupKey)
  try {
    if (offer) await priceIdOf(offer)
  } catch (error) {
    if (!(error instanceof OfferUnavailable)) throw error
    return unmatched(error.cause instanceof Error ? error.cause.message : `${lookupKey} cannot be sold.`)
  }
  return ignored(`${lookupKey} is sold at its price.`)
}

/** A live subscription that no user has: its price is in no plan, or its customer is unknown. */
async function examineSubscription(id: string): Promise<Outcome> {
  const subscription = await retrieveSubscription(id)
  if (!subscription || !isLive(subscription.status)) return ignored(`The subscription ${id} has ended.`)
  const owner = await resolveUser(subscription)
  if (!owner) return unmatchedOutcome(subscription, `The subscription ${id}`, subscription.items)
  // By ID, since it may belong to a customer other than the stored one.
  if (await planItemOf(subscription)) return resync(owner, subscription.id)
  const name = `The subscription ${id} of user ${owner._id.toHexString()}`
  return unmatched(
    `${name} has the price ${subscription.items.map(({ priceId }) => priceId).join(', ')}, which is in no plan.`,
  )
}

async function examineUser(id: string): Promise<Outcome> {
  const user = await UserModel.findById(new Types.ObjectId(id)).lean<User>()
  return user ? resync(user) : ignored(`There is no user ${id}.`)
}

async function resync(before: User, subscriptionId: string | null = null): Promise<Outcome> {
  const { _id, subscription } = await syncSubscriptions(before._id, subscriptionId)
  const { plan = 'Free', status = 'none', version, stripeSubscriptionId } = subscription ?? {}
  const name = `The subscription of user ${_id.toHexString()}`
  if (stripeSubscriptionId && !(await retrieveSubscription(stripeSubscriptionId))) {
    return unmatched(`${name}, ${stripeSubscriptionId} (${plan}), is not known to Stripe.`)
  }
  return done(`${name} is ${plan} (${status}).`, version !== before.subscription?.version)
}
