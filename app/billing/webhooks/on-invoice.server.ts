import { finishCancelUnpaid } from '../dunning/cancel-unpaid.server.ts'
import { noteConfirmation } from '../dunning/bank-confirmation.server.ts'
import { processDispute } from '../refunds/dispute.server.ts'
import { chargesOfInvoice, disputesOf } from '../refunds/money-returned.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { ownerOf } from '../customers/resolve-user.server.ts'
import { processPaidInvoice, readBack } from '../invoices/record-paid-invoice.server.ts'
import { processRefunds } from '../refunds/refund.server.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import { tellUnpaid } from '../subscriptions/subscription-mails.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { toldByUnpaidInvoice } from '../subscriptions/stored-subscription.ts'
import type { EventObject } from './event.ts'

/** `invoice.paid` and `invoice.payment_succeeded` tell of the same payment; either one may be the only one to come. */
export async function onInvoicePaid(object: EventObject, at: Date): Promise<Outcome> {
  const { id } = readInvoice(object)
  const outcome = await processPaidInvoice(id, { object, at })
  await takeEarlyMoneyBack(id)
  return outcome
}

/** Of several payments the first can be refunded or disputed while the rest is still owed: nothing was granted then. */
async function takeEarlyMoneyBack(invoiceId: string): Promise<void> {
  const charges = await chargesOfInvoice(invoiceId)
  if (charges.length < 2) return
  const refunded = charges.find(({ amountRefunded }) => amountRefunded > 0)
  if (refunded) await processRefunds(refunded.id)
  for (const { id } of await disputesOf(charges)) await processDispute(id)
}

/** An attempt did not go through: the customer is told, unless another one has meanwhile. */
export function onInvoiceUnpaid(object: EventObject, at: Date): Promise<Outcome> {
  return followUnpaid(object, at, false)
}

/** The bank wants its customer. */
export function onInvoiceConfirmation(object: EventObject, at: Date): Promise<Outcome> {
  return followUnpaid(object, at, true)
}

async function followUnpaid(object: EventObject, at: Date, isConfirmationAsked: boolean): Promise<Outcome> {
  const received = readInvoice(object)
  const user = await ownerOf(received)
  if (!user) return ignored(`The customer of ${received.id} is none of ours.`)
  const known = await readBack(received.id)
  const told = known ? null : toldByUnpaidInvoice(received, { at, stored: user.subscription })
  const after = await syncSubscriptions(user._id, told)
  const wanted = await tellUnpaid(after, known ?? received, { isConfirmationAsked: isConfirmationAsked && !known })
  if (wanted) await noteConfirmation(after, wanted === 'confirmation')
  return done(`The subscription is ${after.subscription?.status ?? 'none'}.`)
}

/** What a failed payment means is for the subscription to say: another attempt may have gone through meanwhile. */
export async function onInvoiceFailed(object: EventObject): Promise<Outcome> {
  const invoice = readInvoice(object)
  const user = await ownerOf(invoice)
  if (!user) return ignored(`The customer of ${invoice.id} is none of ours.`)
  if (invoice.isVoid) await finishCancelUnpaid(invoice.subscriptionId)
  const { subscription } = await syncSubscriptions(user._id)
  return done(`The subscription is ${subscription?.status ?? 'none'}.`)
}
