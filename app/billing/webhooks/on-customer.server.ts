import { refreshBillingDetails } from '../billing-details/billing-details.server.ts'
import { refreshStripeBalance } from '../customers/customer-balance.server.ts'
import { resolveUser } from '../customers/resolve-user.server.ts'
import { findUserByCustomer, unlinkCustomer } from '../customers/users.server.ts'
import { retryOpenInvoices } from '../dunning/retry-with-new-card.server.ts'
import { NotReadyYet } from '../errors.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { retrieveCustomer } from '../stripe/retrieve-customer.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import type { EventObject } from './event.ts'

/**
 * A process may die between creating a customer and storing it. Its metadata names the user; without this, the next
 * purchase after a day would create a second customer.
 */
export async function onCustomerCreated(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? ''
  const found = await retrieveCustomer(customerId)
  if (!found) return ignored(`The customer ${customerId} is gone.`)
  // It has no payments yet, so a customer whose user is unknown or in another installation need not be retried.
  const user = await resolveUser({ customerId, metadata: found.metadata }).catch((error: unknown) => {
    if (error instanceof NotReadyYet) return null
    throw error
  })
  if (!user) return ignored(`The customer ${customerId} is not ours.`)
  return done(
    `The customer ${customerId} belongs to user ${user._id.toHexString()}.`,
    user.stripeCustomerId === customerId,
  )
}

/** Card, balance, address or name changed. Open invoices are charged to a new card first; then the details are read. */
export async function onCustomerUpdated(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? ''
  const owner = await findUserByCustomer(customerId)
  const isRefreshed = owner !== null && (await refreshStripeBalance(owner._id))
  const outcome = await retryOpenInvoices(customerId)
  if (owner) await refreshBillingDetails(owner._id)
  return isRefreshed ? done(`The balance of ${customerId} has changed. ${outcome.sentence}`) : outcome
}

/** Stripe ends a deleted customer's subscriptions; the next purchase creates a new customer. */
export async function onCustomerDeleted(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? null
  const user = await findUserByCustomer(customerId)
  if (!user || !customerId) return ignored('The deleted customer was not ours.')
  const found = await findAtStripe((stripe) => stripe.customers.retrieve(customerId))
  if (found && !found.deleted) return ignored(`The customer ${customerId} still exists.`)
  const { subscription } = await syncSubscriptions(user._id)
  if (!found || subscription?.stripeSubscriptionId) return unknownAtStripe(`Stripe no longer knows ${customerId}.`)
  await unlinkCustomer(customerId)
  return done(`The customer ${customerId} was unlinked.`)
}
