import { randomUUID } from 'node:crypto'
import { Types } from 'mongoose'
import type { BillingDetails, KeptPaymentMethod } from '#models/billing-details.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { logger } from '../../log.server.ts'
import { readUser } from '../customers/users.server.ts'
import { StripeUnavailable } from '../errors.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { coalesced } from '../stripe/coalesce.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { readBilledCustomer } from '../stripe/objects/customer.ts'
import { readDefaults, readPaymentMethod } from '../stripe/objects/payment-method.ts'
import { retrieveCustomer } from '../stripe/retrieve-customer.server.ts'
import { hasLiveSubscription } from '../subscriptions/subscription-state.ts'
import { untilStable } from '../until-stable.ts'

/** Billing details are optional on a page, so it waits only briefly for them. */
const PAGE_SECONDS = 3

export type BillingDetailsReading =
  | { state: 'read'; details: BillingDetails }
  /** There is no customer at Stripe yet. */
  | { state: 'none' }
  /** Stripe does not answer, and nothing has been read before. */
  | { state: 'unavailable' }

/**
 * The payment method and billing address shown on a page. They are stored with the user; Stripe is asked only if
 * nothing was stored yet, and only briefly.
 */
export async function billingDetailsOf(user: User): Promise<BillingDetailsReading> {
  if (user.billingDetails) return { state: 'read', details: user.billingDetails }
  if (!user.stripeCustomerId) return { state: 'none' }
  try {
    const details = await withDeadline(() => refresh(user._id), PAGE_SECONDS)
    return details ? { state: 'read', details } : { state: 'none' }
  } catch (error) {
    if (!(error instanceof StripeUnavailable)) logger.warn({ err: error }, 'The billing details could not be read')
    return { state: 'unavailable' }
  }
}

/**
 * Reads payment method, billing address and tax IDs from Stripe and stores them. The fence is read before Stripe is
 * asked, so an older reading never overwrites a newer one.
 * @returns what is kept now; null without a customer
 * @throws StripeUnavailable, CreditsUnavailable
 */
export const refreshBillingDetails = (userId: Types.ObjectId): Promise<BillingDetails | null> =>
  refreshOnce(userId.toHexString())

// One purchase sends several events about one customer at once.
const refreshOnce = coalesced((userId) => refresh(new Types.ObjectId(userId)))

async function refresh(userId: Types.ObjectId): Promise<BillingDetails | null> {
  return untilStable('The billing details', async () => {
    const readAt = now()
    const user = await readUser(userId)
    const found = await readAtStripe(user)
    if (!found) return null
    const { stripeCustomerId, billingDetails: stored = null } = user
    const fence = {
      _id: userId,
      stripeCustomerId,
      ...(stored ? { 'billingDetails.version': stored.version } : { billingDetails: null }),
    }
    const billingDetails = { ...found, readAt, version: randomUUID() }
    const { matchedCount } = await UserModel.updateOne(fence, { $set: { billingDetails } })
    return matchedCount === 1 ? billingDetails : 'again'
  })
}

async function readAtStripe(user: User): Promise<Omit<BillingDetails, 'readAt' | 'version'> | null> {
  const { stripeCustomerId: id, subscription: stored } = user
  const subscriptionId = hasLiveSubscription(stored) ? stored?.stripeSubscriptionId : null
  const [customer, subscription] = await Promise.all([
    retrieveCustomer(id, { expand: ['tax_ids'] }),
    subscriptionId ? findAtStripe((stripe) => stripe.subscriptions.retrieve(subscriptionId)) : null,
  ])
  if (!customer) return null
  const { name, address, taxIds } = readBilledCustomer(customer)
  const { default_payment_method } = customer.invoice_settings
  const defaults = [
    ...(subscription ? readDefaults(subscription) : []),
    ...readDefaults({ default_payment_method, default_source: customer.default_source }),
  ]
  return { paymentMethod: await firstAttached(customer.id, defaults), name, address, taxIds }
}

/**
 * Stripe charges the subscription's own payment method, else the customer's default. It never charges a method that is
 * only attached, or one that has been detached.
 * @see https://docs.stripe.com/billing/subscriptions/payment-methods-setting
 */
async function firstAttached(customerId: string, ids: string[]): Promise<KeptPaymentMethod | null> {
  for (const id of new Set(ids)) {
    const found = await findAtStripe((stripe) => stripe.paymentMethods.retrieve(id))
    if (!found) continue
    const { id: stripePaymentMethodId, customerId: holder, ...method } = readPaymentMethod(found)
    if (holder === customerId) return { stripePaymentMethodId, ...method }
  }
  return null
}
