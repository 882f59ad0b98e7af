import type { Endpoint } from '../http/endpoint.ts'
import { prices } from './prices.ts'
import { products } from './products.ts'
import { checkoutSessions } from './checkout-sessions.ts'
import { coupons, promotionCodes } from './coupons.ts'
import { creditNotes } from './credit-notes.ts'
import { customers } from './customers.ts'
import { events, webhookEndpoints } from './events.ts'
import { invoicePreview } from './invoice-preview.ts'
import { invoiceItems } from './invoice-items.ts'
import { invoicePayments, invoices } from './invoices.ts'
import { paymentPages } from './payment-pages.ts'
import { paymentMethods, setupIntents } from './payment-methods.ts'
import { charges, refunds } from './charges.ts'
import { balanceTransactions, disputes } from './disputes.ts'
import { paymentIntents } from './payment-intents.ts'
import { portalConfigurations, portalSessions } from './portal.ts'
import { subscriptionItems } from './subscription-items.ts'
import { subscriptionSchedules } from './subscription-schedules.ts'
import { subscriptions } from './subscriptions.ts'
import { testClocks } from './test-clocks.ts'

/** The whole API: every resource with its endpoints. Of two that fit a path, the first one answers. */
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
