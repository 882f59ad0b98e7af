import { findUserByCustomer } from '../customers/users.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { forgetWhatWaits } from '../upcoming-invoice/next-payment.server.ts'
import { customerOf, type EventObject } from './event.ts'

/* Events that change the next invoice but not the subscription. */

/** A discount was added or removed. */
export async function onDiscount(object: EventObject): Promise<Outcome> {
  const user = await findUserByCustomer(customerOf(object))
  if (!user) return ignored(`The discount ${object.id ?? ''} is not ours.`)
  const { subscription } = await syncSubscriptions(user._id)
  return done(`The next payment is ${subscription?.nextPayment?.amount ?? 'unknown'}.`)
}

/** A pending invoice item was added or removed. */
export async function onInvoiceItem(object: EventObject): Promise<Outcome> {
  const user = await findUserByCustomer(customerOf(object))
  if (!user) return ignored(`The invoice item ${object.id ?? ''} is not ours.`)
  const found = await findAtStripe((stripe) => stripe.invoiceItems.retrieve(object.id ?? ''))
  // An upgrade's prorations are on its own invoice by now.
  if (found?.invoice) return ignored(`The invoice item ${found.id} is on its invoice.`)
  await forgetWhatWaits(user)
  const { subscription } = await syncSubscriptions(user._id)
  return done(`The next payment is ${subscription?.nextPayment?.amount ?? 'unknown'}.`)
}
