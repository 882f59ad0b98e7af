import { findAtStripe, listAll } from './client.server.ts'
import { readInvoice, readInvoiceLine, type StripeInvoice } from './objects/invoice.ts'

/**
 * Retrieves an invoice with all its lines.
 * @returns null without an ID, and when Stripe does not know it
 * @throws StripeUnavailable
 */
export async function retrieveInvoice(id: string | null | undefined): Promise<StripeInvoice | null> {
  const found = id ? await findAtStripe((stripe) => stripe.invoices.retrieve(id)) : null
  if (!id || !found) return null
  const invoice = readInvoice(found)
  if (!invoice.hasMoreLines) return invoice
  const lines = await listAll((stripe) => stripe.invoices.listLineItems(id, { limit: 100 }), readInvoiceLine)
  return { ...invoice, lines, hasMoreLines: false }
}

/**
 * Whether an open invoice waits for 3-D Secure, or was declined because the customer was not present to confirm.
 * @returns false as well when Stripe does not know the invoice
 * @throws StripeUnavailable
 */
export async function needsConfirmation(invoiceId: string): Promise<boolean> {
  return (await paymentIntentsOf(invoiceId)).some(
    ({ status, last_payment_error: failure }) =>
      status === 'requires_action' || failure?.code === 'authentication_required',
  )
}

/** The payment intents of an invoice; none when Stripe does not know it. */
export async function paymentIntentsOf(invoice: string) {
  const payments = await findAtStripe((stripe) =>
    stripe.invoicePayments.list({ invoice, limit: 10, expand: ['data.payment.payment_intent'] }),
  )
  const intents = (payments?.data ?? []).map(({ payment }) => payment.payment_intent)
  return intents.filter((intent) => typeof intent === 'object' && intent !== null)
}
