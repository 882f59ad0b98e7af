import { resolveUser } from '../customers/resolve-user.server.ts'
import { noteConfirmation } from '../dunning/bank-confirmation.server.ts'
import { finishCancelUnpaid } from '../dunning/cancel-unpaid.server.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { processDispute } from '../refunds/dispute.server.ts'
import { processRefunds } from '../refunds/refund.server.ts'
import { chargesOfInvoice, disputesOf } from '../refunds/stripe-refunds.server.ts'
import { readInvoice } from '../stripe/objects/invoice.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { notifyUnpaid } from '../subscriptions/subscription-mails.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { noteInvoice } from '../top-up/end-top-up.server.ts'
import type { EventObject } from './event.ts'

/** `invoice.paid` and `invoice.payment_succeeded` report the same payment; either may be the only one to arrive. */
export async function onInvoicePaid(object: EventObject): Promise<Outcome> {
  const { id } = readInvoice(object)
  const outcome = await recordPaidInvoice(id)
  await noteInvoice(id, 'paid')
  await takeEarlyMoneyBack(id)
  return outcome
}

/**
 * With several payments, the first can be refunded or disputed before the rest is paid, when nothing was granted yet.
 */
async function takeEarlyMoneyBack(invoiceId: string): Promise<void> {
  const charges = await chargesOfInvoice(invoiceId)
  if (charges.length < 2) return
  const refunded = charges.find(({ amountRefunded }) => amountRefunded > 0)
  if (refunded) await processRefunds(refunded.id)
  for (const { id } of await disputesOf(charges)) await processDispute(id)
}

/** A payment failed, or needs the bank's confirmation: notifies the customer, unless it was paid meanwhile. */
export async function onInvoiceUnpaid(object: EventObject): Promise<Outcome> {
  const received = readInvoice(object)
  const user = await resolveUser(received)
  if (!user) return ignored(`The customer of ${received.id} is not ours.`)
  const invoice = await retrieveInvoice(received.id)
  if (!invoice) return unknownAtStripe(`Stripe does not know the invoice ${received.id}.`)
  const after = await syncSubscriptions(user._id)
  const notified = await notifyUnpaid(after, invoice)
  if (notified) await noteConfirmation(after, notified === 'confirmation')
  return done(`The subscription is ${after.subscription?.status ?? 'none'}.`)
}

/** The subscription says what a failed payment means: another attempt may have succeeded meanwhile. */
export async function onInvoiceFailed(object: EventObject): Promise<Outcome> {
  const invoice = readInvoice(object)
  const user = await resolveUser(invoice)
  if (!user) return ignored(`The customer of ${invoice.id} is not ours.`)
  if (invoice.isVoid) {
    await finishCancelUnpaid(invoice.subscriptionId)
    await noteInvoice(invoice.id, 'void')
  }
  const { subscription } = await syncSubscriptions(user._id)
  return done(`The subscription is ${subscription?.status ?? 'none'}.`)
}
