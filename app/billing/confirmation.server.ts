import { findAtStripe } from './stripe.server.ts'

/**
 * Whether the bank wants its customer: the payment waits for 3-D Secure, or was refused because nobody was there to do it.
 * @param invoiceId of an open invoice; false as well when Stripe does not know it
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
