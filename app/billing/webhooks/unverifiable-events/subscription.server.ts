import type { Types } from 'mongoose'
import type { User } from '#models/user.server.ts'
import { resolveUser } from '../../customers/resolve-user.server.ts'
import { findUserByCustomer, unlinkCustomer } from '../../customers/users.server.ts'
import { done, ignored, type Outcome } from '../../outcome.ts'
import { readSubscription, type StripeSubscription } from '../../stripe/objects/subscription.ts'
import { retrieveSubscription } from '../../stripe/retrieve-subscription.server.ts'
import { listSubscriptions, type Subscriptions } from '../../subscriptions/list-subscriptions.server.ts'
import { planItemOf } from '../../subscriptions/plan-item.server.ts'
import { asStored } from '../../subscriptions/stored-subscription.ts'
import { notifyTrialEnding } from '../../subscriptions/subscription-mails.server.ts'
import { isEnded } from '../../subscriptions/subscription-state.ts'
import { syncFrom, syncSubscriptions } from '../../subscriptions/sync-subscriptions.server.ts'
import type { EventObject } from '../event.ts'

/** A subscription as its event describes it. */
export interface SubscriptionSnapshot {
  subscription: StripeSubscription
  /** When Stripe created the event: the later of two is right. */
  at: Date
}

/** A subscription's event carries the whole subscription. */
export async function takeSubscriptionEvent(object: EventObject, at: Date): Promise<Outcome> {
  const received = readSubscription(object)
  const user = await resolveUser(received)
  if (!user) return ignored(`The subscription ${received.id} is not ours.`)
  const { subscription } = await takeSnapshot(user._id, { subscription: received, at })
  return done(`The plan is ${subscription?.plan ?? 'Free'} (${subscription?.status ?? 'no subscription'}).`)
}

/** The same, for a trial that ends soon. */
export async function takeTrialEndingEvent(object: EventObject, at: Date): Promise<Outcome> {
  const outcome = await takeSubscriptionEvent(object, at)
  const received = readSubscription(object)
  const user = await resolveUser(received)
  if (user?.subscription?.stripeSubscriptionId === received.id) await notifyTrialEnding(user)
  return outcome
}

/** A deleted customer's event says that the stored subscription has ended: Stripe ends them together. */
export async function takeDeletedCustomerEvent(object: EventObject, at: Date): Promise<Outcome> {
  const customerId = object.id ?? null
  const user = await findUserByCustomer(customerId)
  if (!user || !customerId) return ignored('The deleted customer was not ours.')
  const { subscription: stored } = user
  if (stored?.stripeSubscriptionId) {
    const known = asStored({ ...stored, stripeSubscriptionId: stored.stripeSubscriptionId }, customerId)
    const ended = { ...known, status: 'canceled', endedAt: at, cancellationReason: 'customer_deleted' }
    await takeSnapshot(user._id, { subscription: ended, at })
  } else {
    await syncSubscriptions(user._id)
  }
  await unlinkCustomer(customerId)
  return done(`The customer ${customerId} was unlinked.`)
}

/** Applies an event's subscription to a user, unless Stripe knows the subscription after all. */
export async function takeSnapshot(userId: Types.ObjectId, snapshot: SubscriptionSnapshot): Promise<User> {
  const { id } = snapshot.subscription
  const isKnown = (await retrieveSubscription(id)) !== null
  return isKnown ? syncSubscriptions(userId, id) : syncFrom(userId, (user) => withSnapshot(user, snapshot))
}

async function withSnapshot(user: User, snapshot: SubscriptionSnapshot): Promise<Subscriptions> {
  const { subscription: stored } = user
  const { id } = snapshot.subscription
  const listed = await listSubscriptions(user)
  const others = listed.unknown.filter(({ subscription }) => subscription.id !== id)
  const isPlan = stored?.stripeSubscriptionId === id || (await planItemOf(snapshot.subscription)) !== null
  const unknown = isStale(snapshot, stored) || !isPlan ? listed.unknown : [snapshot, ...others]
  return { ...listed, unknown, saidAt: snapshot.at }
}

/** An event about an ended subscription never revives it, and an older event never overwrites a newer one. */
function isStale({ subscription: { id, status }, at }: SubscriptionSnapshot, stored: User['subscription']): boolean {
  if (isEnded(status)) return false
  if (stored?.endedSubscriptionId === id) return true
  return stored?.stripeSubscriptionId === id && Boolean(stored.toldAt && at < stored.toldAt)
}
