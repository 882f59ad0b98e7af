import type { User } from '#models/user.server.ts'
import { readUser } from '../customers/users.server.ts'
import { NoSubscription } from '../errors.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { EXPANDED } from '../stripe/objects/terms.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { type PlanItem, planItemOf } from './plan-item.server.ts'
import { hasLiveSubscription, isLive, type Term, termOf } from './subscription-state.ts'
import { syncSubscriptions } from './sync-subscriptions.server.ts'

/** Expanded for the names of other items. */
const PRODUCTS = 'items.data.price.product'

export interface LiveSubscription extends Term {
  user: User
  subscription: StripeSubscription
  /** The plan's item. */
  item: PlanItem
}

/**
 * A user's live subscription as it is in Stripe now, with its plan.
 * @throws NoSubscription when none is live
 */
export async function requireLiveSubscription({ _id }: Pick<User, '_id'>): Promise<LiveSubscription> {
  const user = await readUser(_id)
  const id = hasLiveSubscription(user.subscription) ? user.subscription?.stripeSubscriptionId : null
  const subscription = await retrieveSubscription(id, { expand: [...EXPANDED, PRODUCTS] })
  if (!subscription || !isLive(subscription.status)) {
    if (id) await syncSubscriptions(_id)
    throw new NoSubscription()
  }
  const carrier = await planItemOf(subscription)
  // A quantity of zero is no plan; a plan change makes it one.
  const item = carrier && { ...carrier, quantity: carrier.quantity || 1 }
  if (!item) throw new NoSubscription()
  return { user, subscription, item, ...termOf(subscription, item) }
}
