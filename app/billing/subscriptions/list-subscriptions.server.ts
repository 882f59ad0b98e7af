import type { User } from '#models/user.server.ts'
import { findAtStripe, isMissing, listAll } from '../stripe/client.server.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { EXPANDED } from '../stripe/objects/terms.ts'
import { planItemOf } from './plan-item.server.ts'
import { asStored } from './stored-subscription.ts'

/** A user's subscriptions to our plans. */
export interface Subscriptions {
  /** All subscriptions in Stripe, ended ones included. */
  known: StripeSubscription[]
  /** Subscriptions known only from the database or an event, with the time they were last known. */
  unknown: { subscription: StripeSubscription; at: Date | null }[]
  /** When the newest event about a subscription unknown to Stripe was created; null if none. */
  saidAt: Date | null
}

/**
 * Lists a user's subscriptions: those of the stored customer, the stored one, and one more by its ID.
 * @throws StripeUnavailable
 */
export async function listSubscriptions(user: User, subscriptionId: string | null = null): Promise<Subscriptions> {
  const { stripeCustomerId: customer = null, subscription: stored } = user
  const storedId = stored?.stripeSubscriptionId ?? null
  const all = customer ? await listOfCustomer(customer) : []
  const unknown: Subscriptions['unknown'] = []
  for (const id of new Set([subscriptionId, storedId])) {
    if (!id || all.some((one) => one.id === id)) continue
    const found = await findAtStripe((stripe) => stripe.subscriptions.retrieve(id, { expand: EXPANDED }))
    if (found) all.push(readSubscription(found))
    else if (stored && id === storedId) {
      const subscription = asStored({ ...stored, stripeSubscriptionId: id }, customer)
      unknown.push({ subscription, at: stored.toldAt ?? null })
    }
  }
  // The stored one stays ours even with an unknown price in Stripe: its end must not be missed.
  const isOurs = await Promise.all(all.map(async (one) => one.id === storedId || (await planItemOf(one)) !== null))
  return { known: all.filter((_, index) => isOurs[index]), unknown, saidAt: stored?.toldAt ?? null }
}

async function listOfCustomer(customer: string): Promise<StripeSubscription[]> {
  try {
    const expand = EXPANDED.map((path) => `data.${path}`)
    const listed = await listAll((stripe) => stripe.subscriptions.list({ customer, status: 'all', limit: 100, expand }))
    return listed.map(readSubscription)
  } catch (error) {
    // The customer is gone; the stored subscription is retrieved by its own ID.
    if (isMissing(error)) return []
    throw error
  }
}
