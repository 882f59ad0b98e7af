import type { User } from '#models/user.server.ts'
import { isMissing, listAll } from '../stripe/client.server.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { EXPANDED } from '../stripe/objects/terms.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
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
  const all = customer ? await subscriptionsOfCustomer(customer) : []
  const unknown: Subscriptions['unknown'] = []
  for (const id of new Set([subscriptionId, storedId])) {
    if (!id || all.some((one) => one.id === id)) continue
    const found = await retrieveSubscription(id, { expand: EXPANDED })
    if (found) all.push(found)
    else if (stored && id === storedId) {
      const subscription = asStored({ ...stored, stripeSubscriptionId: id }, customer)
      unknown.push({ subscription, at: stored.toldAt ?? null })
    }
  }
  // The stored one stays ours even with an unknown price in Stripe: its end must not be missed.
  const isOurs = await Promise.all(all.map(async (one) => one.id === storedId || (await planItemOf(one)) !== null))
  return { known: all.filter((_, index) => isOurs[index]), unknown, saidAt: stored?.toldAt ?? null }
}

/** All subscriptions of a customer, ended ones included; none when Stripe does not know the customer. */
export async function subscriptionsOfCustomer(customer: string): Promise<StripeSubscription[]> {
  const params = { customer, status: 'all' as const, limit: 100, expand: EXPANDED.map((path) => `data.${path}`) }
  try {
    return await listAll((stripe) => stripe.subscriptions.list(params), readSubscription)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
