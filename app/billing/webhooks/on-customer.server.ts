import { NotReadyYet } from '../errors.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { followCard } from '../dunning/retry-with-new-card.server.ts'
import { refreshBillingDetails } from '../customers/billing-details.server.ts'
import { ownerOf } from '../customers/resolve-user.server.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { refreshStripeBalance } from '../customers/customer-balance.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { toldByDeletedCustomer } from '../subscriptions/event-snapshot.ts'
import { findOwner, unlinkCustomer } from '../customers/users.server.ts'
import type { EventObject } from './event.ts'

/**
 * A process may die between making a customer and noting it. Its tag says whose it is; without this, the next purchase
 * after a day would make a second one.
 */
export async function onCustomerCreated(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? ''
  const found = await findAtStripe((stripe) => stripe.customers.retrieve(customerId))
  if (!found || found.deleted) return ignored(`The customer ${customerId} is gone.`)
  // No money hangs on it yet, so one whose user is not here, but in another installation, is nothing to wait for.
  const user = await ownerOf({ customerId, metadata: found.metadata }).catch((error: unknown) => {
    if (error instanceof NotReadyYet) return null
    throw error
  })
  if (!user) return ignored(`The customer ${customerId} is none of ours.`)
  return done(`The customer ${customerId} is that of ${user._id.toHexString()}.`, user.stripeCustomerId === customerId)
}

/** Card, balance, address or name. What is owed is charged to a new card first; then what pages show of it is read. */
export async function onCustomerUpdated(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? ''
  const owner = await findOwner(customerId)
  const isRefreshed = owner !== null && (await refreshStripeBalance(owner._id))
  const outcome = await followCard(customerId)
  if (owner) await refreshBillingDetails(owner._id)
  return isRefreshed ? done(`The balance of ${customerId} is another one. ${outcome.sentence}`) : outcome
}

/** Stripe ends a deleted customer's subscriptions by itself; the next purchase makes a new customer. */
export async function onCustomerDeleted(object: EventObject, at: Date): Promise<Outcome> {
  const customerId = object.id ?? null
  const user = await findOwner(customerId)
  if (!user || !customerId) return ignored('The deleted customer was none of ours.')
  const found = await findAtStripe((stripe) => stripe.customers.retrieve(customerId))
  if (found && !found.deleted) return ignored(`The customer ${customerId} is there all the same.`)
  // A subscription that Stripe does not know either has ended with its customer.
  await syncSubscriptions(user._id, toldByDeletedCustomer(user, at))
  await unlinkCustomer(customerId)
  return done(`The customer ${customerId} was forgotten.`)
}
