import { fulfillCheckout } from '../checkout/fulfill-checkout.server.ts'
import { ignored } from '../outcome.ts'
import { processCreditNote } from '../refunds/credit-note.server.ts'
import { processDispute } from '../refunds/dispute.server.ts'
import { processRefundById, processRefunds } from '../refunds/refund.server.ts'
import { readCharge, readDispute, readRefund } from '../stripe/objects/charge.ts'
import { readSession } from '../stripe/objects/checkout-session.ts'
import { readCreditNote } from '../stripe/objects/credit-note.ts'
import type { EventHandler } from './event.ts'
import { onPaymentMethod, onTaxId, thenReadDetails } from './on-billing-details.server.ts'
import { onCustomerCreated, onCustomerDeleted, onCustomerUpdated } from './on-customer.server.ts'
import { onInvoiceFailed, onInvoicePaid, onInvoiceUnpaid } from './on-invoice.server.ts'
import { onSchedule, onSubscription, onTrialEnding } from './on-subscription.server.ts'
import { onDiscount, onInvoiceItem } from './on-terms.server.ts'

const onCheckout: EventHandler = (object) => fulfillCheckout(readSession(object).id)
const onCheckoutEnded: EventHandler = async (object) =>
  ignored(`The session ${readSession(object).id} ended without a payment.`)
const onCharge: EventHandler = (object) => processRefunds(readCharge(object).id)
const onRefund: EventHandler = (object) => processRefundById(readRefund(object).id)
const onCreditNote: EventHandler = (object) => processCreditNote(readCreditNote(object).id)
const onDispute: EventHandler = (object) => processDispute(readDispute(object).id)

/**
 * Every handled event. An event only says where to look: handlers retrieve the object from Stripe, so order and
 * duplicates do not matter. docs/recipes/handle-another-event.md shows how to add one.
 */
export const eventTable: Record<string, EventHandler> = {
  'checkout.session.completed': thenReadDetails(onCheckout), // grants a pack, records a first invoice
  'checkout.session.async_payment_succeeded': onCheckout, // a bank debit is paid days after the checkout
  'checkout.session.async_payment_failed': onCheckoutEnded, // nothing was granted, so nothing is undone
  'checkout.session.expired': onCheckoutEnded, // not paid, so nothing was granted

  'invoice.paid': onInvoicePaid, // grants the credits and writes the billing history row
  'invoice.payment_succeeded': onInvoicePaid, // the same payment; either event may be the only one to arrive
  'invoice.payment_failed': onInvoiceUnpaid, // starts the grace period, mails the customer
  'invoice.payment_action_required': onInvoiceUnpaid, // the bank wants a confirmation: a mail links to it
  'invoice.voided': onInvoiceFailed, // nothing is owed for it any more
  'invoice.marked_uncollectible': onInvoiceFailed, // the shop gave up on it: status and amount due follow
  'invoice.finalization_failed': onInvoiceFailed, // cannot be collected until it is corrected in Stripe

  'customer.subscription.created': thenReadDetails(onSubscription), // plan, status and period; often before invoice.paid
  'customer.subscription.updated': thenReadDetails(onSubscription), // plan, status, period, cancellation
  'customer.subscription.deleted': thenReadDetails(onSubscription), // back to Free; credits stay
  'customer.subscription.paused': onSubscription, // a trial ended without a card
  'customer.subscription.resumed': onSubscription, // the pause is over
  'customer.subscription.trial_will_end': onTrialEnding, // mails what the first payment will be
  'customer.subscription.pending_update_applied': onSubscription, // the upgrade was paid and takes effect
  'customer.subscription.pending_update_expired': onSubscription, // the upgrade was never paid and is dropped
  'customer.created': onCustomerCreated, // a process may have died before it stored the id
  'customer.updated': onCustomerUpdated, // a new card retries open invoices; balance and address change
  'customer.deleted': onCustomerDeleted, // its subscriptions end; the next purchase creates a customer
  'customer.tax_id.created': onTaxId, // printed on invoices, shown on the billing page
  'customer.tax_id.updated': onTaxId, // corrected, or verified by Stripe
  'customer.tax_id.deleted': onTaxId, // no longer printed or shown
  'payment_method.attached': onPaymentMethod, // the billing page shows the card
  'payment_method.updated': onPaymentMethod, // its expiry or address changed
  'payment_method.automatically_updated': onPaymentMethod, // the bank replaced the card
  'payment_method.detached': onPaymentMethod, // the card was removed

  'customer.discount.created': onDiscount, // a coupon lowers the next payment
  'customer.discount.updated': onDiscount, // another coupon, or another end of it
  'customer.discount.deleted': onDiscount, // the next payment is at full price again
  'invoiceitem.created': onInvoiceItem, // something is added to the next invoice
  'invoiceitem.deleted': onInvoiceItem, // it is taken off again

  'subscription_schedule.updated': onSchedule, // a downgrade waits for the period to end
  'subscription_schedule.released': onSchedule, // the downgrade was taken back
  'subscription_schedule.completed': onSchedule, // the downgrade took effect
  'subscription_schedule.canceled': onSchedule, // subscription and downgrade ended together
  'subscription_schedule.aborted': onSchedule, // an unpaid invoice ended both

  'credit_note.created': onCreditNote, // reverses the credits of the credited lines
  'credit_note.updated': onCreditNote, // read again, since what it credits may have changed
  'charge.refunded': onCharge, // reverses the refunded share of the credits
  'charge.refund.updated': onRefund, // sent where refund.updated does not cover the payment method
  'refund.created': onRefund, // makes up for a lost charge.refunded
  'refund.updated': onRefund, // a pending refund succeeded or failed
  'refund.failed': onRefund, // the money stayed here: its credits are restored
  'charge.dispute.created': onDispute, // reverses the credits and pauses spending
  'charge.dispute.updated': onDispute, // evidence was sent, or the status changed
  'charge.dispute.funds_withdrawn': onDispute, // the bank took the money
  'charge.dispute.funds_reinstated': onDispute, // the bank gave it back
  'charge.dispute.closed': onDispute, // won restores the credits, lost keeps them reversed
}
