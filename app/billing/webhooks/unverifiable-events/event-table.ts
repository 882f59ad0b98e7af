import { fulfillSession } from '../../checkout/fulfill-checkout.server.ts'
import type { Outcome } from '../../outcome.ts'
import { readSession } from '../../stripe/objects/checkout-session.ts'
import type { EventObject } from '../event.ts'
import { takeDisputeEvent } from './dispute.server.ts'
import { takeConfirmationEvent, takePaidInvoiceEvent, takeUnpaidInvoiceEvent } from './invoice.server.ts'
import { takeChargeEvent, takeRefundEvent } from './refund.server.ts'
import { takeDeletedCustomerEvent, takeSubscriptionEvent, takeTrialEndingEvent } from './subscription.server.ts'

type UnverifiableEventHandler = (object: EventObject, at: Date) => Promise<Outcome>

/**
 * Events about objects that Stripe does not know: from a test account that was cleared, or an account no longer used.
 * The event's own object is used, but never against what Stripe says. See docs/decisions/0008.
 */
export const unverifiableEvents: Record<string, UnverifiableEventHandler> = {
  'checkout.session.completed': (object) => fulfillSession(readSession(object)),
  'checkout.session.async_payment_succeeded': (object) => fulfillSession(readSession(object)),

  'invoice.paid': takePaidInvoiceEvent,
  'invoice.payment_succeeded': takePaidInvoiceEvent,
  'invoice.payment_failed': takeUnpaidInvoiceEvent,
  'invoice.payment_action_required': takeConfirmationEvent,

  'customer.subscription.created': takeSubscriptionEvent,
  'customer.subscription.updated': takeSubscriptionEvent,
  'customer.subscription.deleted': takeSubscriptionEvent,
  'customer.subscription.paused': takeSubscriptionEvent,
  'customer.subscription.resumed': takeSubscriptionEvent,
  'customer.subscription.trial_will_end': takeTrialEndingEvent,
  'customer.subscription.pending_update_applied': takeSubscriptionEvent,
  'customer.subscription.pending_update_expired': takeSubscriptionEvent,
  'customer.deleted': takeDeletedCustomerEvent,

  'charge.refunded': takeChargeEvent,
  'charge.refund.updated': takeRefundEvent,
  'refund.created': takeRefundEvent,
  'refund.updated': takeRefundEvent,
  'refund.failed': takeRefundEvent,
  'charge.dispute.created': takeDisputeEvent,
  'charge.dispute.updated': takeDisputeEvent,
  'charge.dispute.funds_withdrawn': takeDisputeEvent,
  'charge.dispute.funds_reinstated': takeDisputeEvent,
  'charge.dispute.closed': takeDisputeEvent,
}
