import { done, ignored, type Outcome } from '../outcome.ts'
import { ownerOf } from '../owner.server.ts'
import { processPaidInvoice } from '../paid-invoice.server.ts'
import { readInvoice } from '../stripe-shapes.ts'
import { tellUnpaid } from '../subscription-mails.server.ts'
import { syncSubscriptions } from '../subscription.server.ts'
import type { EventObject } from './event.ts'

/** `invoice.paid` and `invoice.payment_succeeded` tell of the same payment; either one may be the only one to come. */
export async function onInvoicePaid(object: EventObject): Promise<Outcome> {
  return processPaidInvoice(readInvoice(object).id, object)
}

/** An attempt did not go through: the customer is told, unless another one has meanwhile. */
export async function onInvoiceUnpaid(object: EventObject): Promise<Outcome> {
  const outcome = await onInvoiceFailed(object)
  const user = await ownerOf(readInvoice(object))
  if (user) await tellUnpaid(user, readInvoice(object).id)
  return outcome
}

/** What a failed payment means is for the subscription to say: another attempt may have gone through meanwhile. */
export async function onInvoiceFailed(object: EventObject): Promise<Outcome> {
  const invoice = readInvoice(object)
  const user = await ownerOf(invoice)
  if (!user) return ignored(`The customer of ${invoice.id} is none of ours.`)
  const { subscription } = await syncSubscriptions(user._id)
  return done(`The subscription is ${subscription?.status ?? 'none'}.`)
}
