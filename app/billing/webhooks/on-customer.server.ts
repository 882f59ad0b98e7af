import { NotReadyYet } from '../errors.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { retryOpenInvoices } from '../dunning/retry-with-new-card.server.ts'
import { refreshBillingDetails } from '../billing-details/billing-details.server.ts'
import { resolveUser } from '../customers/resolve-user.server.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { refreshStripeBalance } from '../customers/customer-balance.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { findUserByCustomer, unlinkCustomer } from '../customers/users.server.ts'
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
  const user = await resolveUser({ customerId, metadata: found.metadata }).catch((error: unknown) => {
    if (error instanceof NotReadyYet) return null
    throw error
  })
  if (!user) return ignored(`The customer ${customerId} is none of ours.`)
  return done(`The customer ${customerId} is that of ${user._id.toHexString()}.`, user.stripeCustomerId === customerId)
}

/** Card, balance, address or name. What is owed is charged to a new card first; then what pages show of it is read. */
export async function onCustomerUpdated(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? ''
  const owner = await findUserByCustomer(customerId)
  const isRefreshed = owner !== null && (await refreshStripeBalance(owner._id))
  const outcome = await retryOpenInvoices(customerId)
  if (owner) await refreshBillingDetails(owner._id)
  return isRefreshed ? done(`The balance of ${customerId} is another one. ${outcome.sentence}`) : outcome
}

/** Stripe ends a deleted customer's subscriptions by itself; the next purchase makes a new customer. */
export async function onCustomerDeleted(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? null
  const user = await findUserByCustomer(customerId)
  if (!user || !customerId) return ignored('The deleted customer was none of ours.')
  const found = await findAtStripe((stripe) => stripe.customers.retrieve(customerId))
  if (found && !found.deleted) return ignored(`The customer ${customerId} is there all the same.`)
  const { subscription } = await syncSubscriptions(user._id)
  if (!found || subscription?.stripeSubscriptionId)
    return unknownAtStripe(`Stripe does not know ${customerId} any more.`)
  await unlinkCustomer(customerId)
  return done(`The customer ${customerId} was forgotten.`)
}
