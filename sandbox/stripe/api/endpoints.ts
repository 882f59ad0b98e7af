import type { Endpoint } from '../http/endpoint.ts'
import { prices } from '../resources/prices.ts'
import { products } from '../resources/products.ts'
import { checkoutSessions } from '../resources/checkout-sessions.ts'
import { coupons, promotionCodes } from '../resources/coupons.ts'
import { creditNotes } from '../resources/credit-notes.ts'
import { customers } from '../resources/customers.ts'
import { events, webhookEndpoints } from '../resources/events.ts'
import { invoicePreview } from '../resources/invoice-preview.ts'
import { invoiceItems } from '../resources/invoice-items.ts'
import { invoicePayments, invoices } from '../resources/invoices.ts'
import { paymentPages } from '../resources/payment-pages.ts'
import { paymentMethods, setupIntents } from '../resources/payment-methods.ts'
import { charges, refunds } from '../resources/charges.ts'
import { balanceTransactions, disputes } from '../resources/disputes.ts'
import { paymentIntents } from '../resources/payment-intents.ts'
import { portalConfigurations, portalSessions } from '../resources/billing-portal.ts'
import { subscriptionItems } from '../resources/subscription-items.ts'
import { subscriptionSchedules } from '../resources/subscription-schedules.ts'
import { subscriptions } from '../resources/subscriptions.ts'
import { testClocks } from '../resources/test-clocks.ts'

/** The whole API: every resource with its endpoints. If two match a path, the first one answers. */
export const resources = {
  balance_transactions: balanceTransactions,
  charges,
  checkout_sessions: checkoutSessions,
  coupons,
  credit_notes: creditNotes,
  customers,
  disputes,
  events,
  invoice_items: invoiceItems,
  invoice_payments: invoicePayments,
  invoice_previews: invoicePreview,
  invoices,
  portal_configurations: portalConfigurations,
  portal_sessions: portalSessions,
  payment_intents: paymentIntents,
  payment_methods: paymentMethods,
  payment_pages: paymentPages,
  prices,
  products,
  promotion_codes: promotionCodes,
  refunds,
  setup_intents: setupIntents,
  subscription_items: subscriptionItems,
  subscription_schedules: subscriptionSchedules,
  subscriptions,
  test_clocks: testClocks,
  webhook_endpoints: webhookEndpoints,
} satisfies Record<string, Endpoint[]>

export const endpoints: Endpoint[] = Object.values(resources).flat()
