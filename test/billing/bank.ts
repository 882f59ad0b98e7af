import { settle } from '#sandbox/stripe/billing/collection/collect.ts'
import { openDispute } from '#sandbox/stripe/billing/payments/dispute.ts'
import { authenticate } from '#sandbox/stripe/billing/payments/payment-intent.ts'
import { paymentOf } from '#sandbox/stripe/billing/invoices/invoice-payment.ts'
import type { StripeForTests } from './stripe.ts'

/* What banks and the holders of cards do. */

/** A card whose payment is disputed as soon as it is made. */
export const DISPUTED_CARD = '4000000000000259'

/** A holder goes to the bank. @returns the dispute's id */
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

/** The bank has asked a card's holder about an invoice, and the holder says yes. */
export function holderAgrees({ sandbox: { world } }: StripeForTests, invoiceId: string): void {
  world.run(() => {
    const invoice = world.tables.invoices.get(invoiceId)!
    const intent = world.tables.paymentIntents.get(paymentOf(world, invoice)!.payment.payment_intent!)!
    settle(world, invoice, authenticate(world, intent, true))
  })
}
