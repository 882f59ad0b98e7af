import { findAtStripe, listAll } from './client.server.ts'
import { readInvoice, readInvoiceLine, type StripeInvoice } from './objects/invoice.ts'

/**
 * Retrieves an invoice with all its lines.
 * @param invoiceId as in an event, which may be old
 * @returns null when Stripe does not know it
 * @throws StripeUnavailable
 */
export async function retrieveInvoice(invoiceId: string): Promise<StripeInvoice | null> {
  const found = await findAtStripe((stripe) => stripe.invoices.retrieve(invoiceId))
  if (!found) return null
  const invoice = readInvoice(found)
  if (!invoice.hasMoreLines) return invoice
  const lines = await listAll((stripe) => stripe.invoices.listLineItems(invoiceId, { limit: 100 }))
  return { ...invoice, lines: lines.map(readInvoiceLine), hasMoreLines: false }
}

/**
 * Whether an open invoice waits for 3-D Secure, or was declined because the customer was not present to confirm.
 * @returns false as well when Stripe does not know the invoice
 * @throws StripeUnavailable
 */
export async function needsConfirmation(invoiceId: string): Promise<boolean> {
  const payments = await findAtStripe((stripe) =>
    stripe.invoicePayments.list({ invoice: invoiceId, limit: 10, expand: ['data.payment.payment_intent'] }),
  )
  return (payments?.data ?? []).some(({ payment }) => {
    const intent = payment.payment_intent
    if (!intent || typeof intent === 'string') return false
    return intent.status === 'requires_action' || intent.last_payment_error?.code === 'authentication_required'
  })
}
