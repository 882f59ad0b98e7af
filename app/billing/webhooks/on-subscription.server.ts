import { done, ignored, type Outcome } from '../outcome.ts'
import { ownerOf } from '../customers/resolve-user.server.ts'
import { readSubscription } from '../stripe/objects/subscription.ts'
import { tellTrialEnding } from '../subscriptions/subscription-mails.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { findOwner } from '../customers/users.server.ts'
import type { EventObject } from './event.ts'

/** Whatever happened to a subscription, what is stored follows what Stripe says now. */
export async function onSubscription(object: EventObject, at: Date): Promise<Outcome> {
  const received = readSubscription(object)
  const user = await ownerOf(received)
  if (!user) return ignored(`The subscription ${received.id} is none of ours.`)
  const { subscription } = await syncSubscriptions(user._id, { subscription: received, at })
  return done(`The plan is ${subscription?.plan ?? 'Free'} (${subscription?.status ?? 'no subscription'}).`)
}

/** A change that waits for the end of a period came, went, or came true; the pages show it from what is stored. */
export async function onSchedule(object: EventObject): Promise<Outcome> {
  const customerId = typeof object.customer === 'string' ? object.customer : null
  const user = await findOwner(customerId)
  if (!user) return ignored(`The schedule ${object.id ?? ''} is none of ours.`)
  const { subscription } = await syncSubscriptions(user._id)
  const change = subscription?.scheduledChange
  return done(change ? `${change.plan} follows.` : 'No change is to come.')
}

/** A trial ends in some days: what that costs is told in time to say no. */
export async function onTrialEnding(object: EventObject, at: Date): Promise<Outcome> {
  const outcome = await onSubscription(object, at)
  const received = readSubscription(object)
  const user = await ownerOf(received)
  if (user?.subscription?.stripeSubscriptionId === received.id) await tellTrialEnding(user)
  return outcome
}
