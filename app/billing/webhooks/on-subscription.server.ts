import { resolveUser } from '../customers/resolve-user.server.ts'
import { findUserByCustomer } from '../customers/users.server.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { readSubscription } from '../stripe/objects/subscription.ts'
import { notifyTrialEnding } from '../subscriptions/subscription-mails.server.ts'
import { syncAndList, syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { customerOf, type EventObject } from './event.ts'

/** Syncs the stored subscription with Stripe, whatever happened to it. */
export async function onSubscription(object: EventObject): Promise<Outcome> {
  const { id, ...received } = readSubscription(object)
  const user = await resolveUser(received)
  if (!user) return ignored(`The subscription ${id} is not ours.`)
  const { user: after, known } = await syncAndList(user._id, id)
  if (!known.has(id)) return unknownAtStripe(`Stripe does not know the subscription ${id}.`)
  const { plan = 'Free', status = 'no subscription' } = after.subscription ?? {}
  return done(`The plan is ${plan} (${status}).`)
}

/** A scheduled change was added, removed, or took effect; pages show it from the database. */
export async function onSchedule(object: EventObject): Promise<Outcome> {
  const user = await findUserByCustomer(customerOf(object))
  if (!user) return ignored(`The schedule ${object.id ?? ''} is not ours.`)
  const { subscription } = await syncSubscriptions(user._id)
  const change = subscription?.scheduledChange
  return done(change ? `${change.plan} is scheduled.` : 'No change is scheduled.')
}

/** A trial ends in some days: mails the customer the price in time to cancel. */
export async function onTrialEnding(object: EventObject): Promise<Outcome> {
  const outcome = await onSubscription(object)
  const received = readSubscription(object)
  const user = outcome.isUnknown ? null : await resolveUser(received)
  if (user?.subscription?.stripeSubscriptionId === received.id) await notifyTrialEnding(user)
  return outcome
}
