import { findAtStripe } from './client.server.ts'
import { readSubscription, type StripeSubscription } from './objects/subscription.ts'

/**
 * Retrieves a subscription.
 * @returns null without an ID, and when Stripe does not know it
 * @throws StripeUnavailable
 */
export async function retrieveSubscription(
  id: string | null | undefined,
  params: { expand?: string[] } = {},
): Promise<StripeSubscription | null> {
  const found = id ? await findAtStripe((stripe) => stripe.subscriptions.retrieve(id, params)) : null
  return found && readSubscription(found)
}
