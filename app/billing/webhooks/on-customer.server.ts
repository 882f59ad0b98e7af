import { done, ignored, type Outcome } from '../outcome.ts'
import { syncSubscriptions } from '../subscription.server.ts'
import { findOwner, unlinkCustomer } from '../users.server.ts'
import type { EventObject } from './event.ts'

/** Stripe ends a deleted customer's subscriptions by itself; the next purchase makes a new customer. */
export async function onCustomerDeleted(object: EventObject): Promise<Outcome> {
  const customerId = object.id ?? null
  const user = await findOwner(customerId)
  if (!user || !customerId) return ignored('The deleted customer was none of ours.')
  await syncSubscriptions(user._id)
  await unlinkCustomer(customerId)
  return done(`The customer ${customerId} was forgotten.`)
}
