import type { User } from '#models/user.server.ts'
import { NoSubscription } from './errors.ts'
import type { KnownPrice } from './prices.server.ts'
import { findPrice } from './prices.server.ts'
import type { Plan } from './plans.ts'
import type { Rhythm } from './rhythm.ts'
import { findAtStripe } from './stripe.server.ts'
import { readSubscription, type StripeSubscription } from './stripe-shapes/subscription.ts'
import { hasLiveSubscription, isLive } from './subscription-state.ts'
import { syncSubscriptions } from './subscription.server.ts'
import { readUser } from './users.server.ts'

export interface RunningSubscription {
  user: User
  subscription: StripeSubscription
  /** The item that carries the plan. */
  item: StripeSubscription['items'][number]
  plan: Plan
  rhythm: Rhythm
  price: KnownPrice
}

/**
 * A user's live subscription as Stripe has it now, with the plan it sells.
 * @throws NoSubscription when none is live
 */
export async function findRunning({ _id }: Pick<User, '_id'>): Promise<RunningSubscription> {
  const user = await readUser(_id)
  const id = hasLiveSubscription(user.subscription) ? user.subscription?.stripeSubscriptionId : null
  const found = id ? await findAtStripe((stripe) => stripe.subscriptions.retrieve(id)) : null
  const subscription = found && readSubscription(found)
  if (!subscription || !isLive(subscription.status)) {
    if (id) await syncSubscriptions(_id)
    throw new NoSubscription()
  }
  for (const item of subscription.items) {
    const price = await findPrice(item.priceId)
    if (price?.offer.kind !== 'plan') continue
    const { plan, interval, intervalCount } = price.offer
    return { user, subscription, item, plan, rhythm: { interval, intervalCount }, price }
  }
  throw new NoSubscription()
}
