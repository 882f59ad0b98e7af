import { done, ignored, type Outcome } from '../outcome.ts'
import { ownerOf } from '../owner.server.ts'
import { readSubscription } from '../stripe-shapes.ts'
import { tellTrialEnding } from '../subscription-mails.server.ts'
import { syncSubscriptions } from '../subscription.server.ts'
import type { EventObject } from './event.ts'

/** Whatever happened to a subscription, what is stored follows what Stripe says now. */
export async function onSubscription(object: EventObject): Promise<Outcome> {
  const received = readSubscription(object)
  const user = await ownerOf(received)
  if (!user) return ignored(`The subscription ${received.id} is none of ours.`)
  const { subscription } = await syncSubscriptions(user._id, object)
  return done(`The plan is ${subscription?.plan ?? 'Free'} (${subscription?.status ?? 'no subscription'}).`)
}

/** A trial ends in some days: what that costs is told in time to say no. */
export async function onTrialEnding(object: EventObject): Promise<Outcome> {
  const outcome = await onSubscription(object)
  const received = readSubscription(object)
  const user = await ownerOf(received)
  if (user?.subscription?.stripeSubscriptionId === received.id) await tellTrialEnding(user)
  return outcome
}
