import type { User } from '#models/user.server.ts'
import { refreshBillingDetails } from '../billing-details/billing-details.server.ts'
import { findByPaymentMethod, findUserByCustomer } from '../customers/users.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { isLive } from '../subscriptions/subscription-state.ts'
import { customerOf, type EventHandler, type EventObject } from './event.ts'

/**
 * A payment method was attached, detached, or replaced by its bank. If it is not stored, its customer names the user.
 */
export async function onPaymentMethod(object: EventObject): Promise<Outcome> {
  const id = object.id ?? ''
  const user = (await findUserByCustomer(customerOf(object))) ?? (await findByPaymentMethod(id))
  if (!user) return ignored(`The payment method ${id} is not ours.`)
  await refreshBillingDetails(user._id)
  return done(`The payment method of ${user._id.toHexString()} was read.`, false)
}

/** Tax IDs are printed on invoices, so the billing page shows them. */
export async function onTaxId(object: EventObject): Promise<Outcome> {
  const user = await findUserByCustomer(customerOf(object))
  if (!user) return ignored(`The tax id ${object.id ?? ''} is not ours.`)
  await refreshBillingDetails(user._id)
  return done(`The tax ids of ${user._id.toHexString()} were read.`, false)
}

/**
 * For events that may also change what is charged, or the billing details.
 * @param handler goes first: money comes before what a page shows
 */
export const thenReadDetails =
  (handler: EventHandler): EventHandler =>
  async (object) => {
    const outcome = await handler(object)
    const user = await findUserByCustomer(customerOf(object))
    if (user && !isChargedAsStored(user, object)) await refreshBillingDetails(user._id)
    return outcome
  }

/** A live subscription with the stored payment method: most of its events change nothing of what is shown. */
function isChargedAsStored({ billingDetails }: User, { status, default_payment_method: method }: EventObject): boolean {
  const stored = billingDetails?.paymentMethod?.stripePaymentMethodId
  return stored !== undefined && stored === method && typeof status === 'string' && isLive(status)
}
