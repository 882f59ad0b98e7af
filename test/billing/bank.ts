import { settle } from '#sandbox/stripe/billing/collection/collect.ts'
import { openDispute } from '#sandbox/stripe/billing/payments/dispute.ts'
import { authenticate } from '#sandbox/stripe/billing/payments/payment-intent.ts'
import { paymentOf } from '#sandbox/stripe/billing/invoices/invoice-payment.ts'
import type { StripeForTests } from './stripe.ts'

/* Actions of banks and cardholders. */

/** A card whose payments are disputed at once. */
export const DISPUTED_CARD = '4000000000000259'

/** A cardholder disputes a payment. @returns the dispute's id */
export function dispute(
  { sandbox }: StripeForTests,
  charge: string,
  options: { inquiry?: boolean; amount?: number } = {},
): string {
  const { world } = sandbox
  return world.run(() => openDispute(world, world.tables.charges.get(charge)!, options)).id
}

/** The bank decides. */
export async function decide({ stripe }: StripeForTests, id: string, verdict: 'won' | 'lost'): Promise<void> {
  await stripe.disputes.update(id, {
    evidence: { uncategorized_text: `${verdict === 'won' ? 'winning' : 'losing'}_evidence` },
    submit: true,
  })
}

/** The cardholder authenticates the payment of an invoice. */
export function holderAgrees({ sandbox: { world } }: StripeForTests, invoiceId: string): void {
  world.run(() => {
    const invoice = world.tables.invoices.get(invoiceId)!
    const intent = world.tables.paymentIntents.get(paymentOf(world, invoice)!.payment.payment_intent!)!
    settle(world, invoice, authenticate(world, intent, true))
  })
}
