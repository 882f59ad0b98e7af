import type { EventHandler } from './event.ts'
import { onPaymentMethod, onTaxId, thenReadDetails } from './on-billing-details.server.ts'
import { onCheckout, onCheckoutEnded } from './on-checkout.server.ts'
import { onCharge, onCreditNote, onDispute, onRefund } from './on-charge.server.ts'
import { onCustomerCreated, onCustomerDeleted, onCustomerUpdated } from './on-customer.server.ts'
import { onInvoiceFailed, onInvoicePaid, onInvoiceUnpaid } from './on-invoice.server.ts'
import { onSchedule, onSubscription, onTrialEnding } from './on-subscription.server.ts'
import { onDiscount, onInvoiceItem } from './on-terms.server.ts'

/**
 * Every event that is acted on. An event only says where to look: handlers read the object back from Stripe, so the
 * order of events and their copies do not matter.
 */
export const eventTable: Record<string, EventHandler> = {
  'checkout.session.completed': thenReadDetails(onCheckout),
  'checkout.session.async_payment_succeeded': onCheckout,
  'checkout.session.async_payment_failed': onCheckoutEnded,
  'checkout.session.expired': onCheckoutEnded,

  'invoice.paid': onInvoicePaid,
  'invoice.payment_succeeded': onInvoicePaid,
  'invoice.payment_failed': onInvoiceUnpaid,
  'invoice.payment_action_required': onInvoiceUnpaid,
  'invoice.voided': onInvoiceFailed,
  'invoice.marked_uncollectible': onInvoiceFailed,
  'invoice.finalization_failed': onInvoiceFailed,

  'customer.subscription.created': thenReadDetails(onSubscription),
  'customer.subscription.updated': thenReadDetails(onSubscription),
  'customer.subscription.deleted': thenReadDetails(onSubscription),
  'customer.subscription.paused': onSubscription,
  'customer.subscription.resumed': onSubscription,
  'customer.subscription.trial_will_end': onTrialEnding,
  'customer.subscription.pending_update_applied': onSubscription,
  'customer.subscription.pending_update_expired': onSubscription,
  'customer.created': onCustomerCreated,
  'customer.updated': onCustomerUpdated,
  'customer.deleted': onCustomerDeleted,
  'customer.tax_id.created': onTaxId,
  'customer.tax_id.updated': onTaxId,
  'customer.tax_id.deleted': onTaxId,
  'payment_method.attached': onPaymentMethod,
  'payment_method.updated': onPaymentMethod,
  'payment_method.automatically_updated': onPaymentMethod,
  'payment_method.detached': onPaymentMethod,

  'customer.discount.created': onDiscount,
  'customer.discount.updated': onDiscount,
  'customer.discount.deleted': onDiscount,
  'invoiceitem.created': onInvoiceItem,
  'invoiceitem.deleted': onInvoiceItem,

  'subscription_schedule.updated': onSchedule,
  'subscription_schedule.released': onSchedule,
  'subscription_schedule.completed': onSchedule,
  'subscription_schedule.canceled': onSchedule,
  'subscription_schedule.aborted': onSchedule,

  'credit_note.created': onCreditNote,
  'credit_note.updated': onCreditNote,
  'charge.refunded': onCharge,
  'charge.refund.updated': onRefund,
  'refund.created': onRefund,
  'refund.updated': onRefund,
  'refund.failed': onRefund,
  'charge.dispute.created': onDispute,
  'charge.dispute.updated': onDispute,
  'charge.dispute.funds_withdrawn': onDispute,
  'charge.dispute.funds_reinstated': onDispute,
  'charge.dispute.closed': onDispute,
}
