import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { stripeRefundKey } from '../credits/keys.ts'
import { reverseGrants } from '../credits/reversal.server.ts'
import { creditedOf, findMoneySource, type MoneySource } from './money-source.server.ts'
import { done, ignored, type Outcome } from './outcome.ts'
import { processPaidInvoice, readBack } from './paid-invoice.server.ts'
import { tellRefund } from './payment-mails.server.ts'
import { markRefunded } from './refund-marks.server.ts'
import { findAtStripe } from './stripe.server.ts'
import { readPaymentIntent } from './stripe-shapes/charge.ts'
import { readCreditNote } from './stripe-shapes/invoice.ts'

/**
 * Takes back the share of the credits whose money a credit note gave to the customer's balance, or by means that Stripe
 * does not see. From the balance it buys credits again with a later invoice, so keeping the first ones would be a gift.
 * What a credit note refunds to the card comes with a refund of its own.
 * @param creditNoteId read back from Stripe
 * @see https://docs.stripe.com/invoicing/integration/programmatic-credit-notes
 */
export async function processCreditNote(creditNoteId: string): Promise<Outcome> {
  const found = await findAtStripe((stripe) => stripe.creditNotes.retrieve(creditNoteId))
  const note = found && readCreditNote(found)
  if (!note?.invoiceId) return ignored(`Stripe does not know the credit note ${creditNoteId}.`)
  if (note.amountCredited <= 0) return ignored(`The credit note ${creditNoteId} credits nothing beyond its refunds.`)
  const source = await sourceOf(note.invoiceId)
  if (!source) return ignored(`The credit note ${creditNoteId} is of an invoice that paid for nothing of ours.`)

  const {
    reversed,
    found: isFound,
    replayed,
  } = await reverseGrants({
    accountId: source.userId,
    key: stripeRefundKey(note.id),
    source: { type: 'refund', id: note.id },
    of: source.of,
    money: { amount: note.amountCredited, paid: source.paid },
  })
  await markRefunded(source)
  await tellRefund(
    source,
    { ...note, amount: note.amountCredited, to: note.isToBalance ? 'balance' : 'elsewhere' },
    reversed,
  )
  return done(`The credit note ${note.id} accounts for ${reversed} credits.`, isFound && !replayed)
}

/** The payment of an invoice: its charge, or the invoice alone where there was none. */
async function sourceOf(invoiceId: string): Promise<MoneySource | null> {
  const payments = await findAtStripe((stripe) =>
    stripe.invoicePayments.list({ invoice: invoiceId, status: 'paid', expand: ['data.payment.payment_intent'] }),
  )
  for (const { payment } of payments?.data ?? []) {
    const chargeId = payment.payment_intent ? readPaymentIntent(payment.payment_intent).chargeId : null
    const source = chargeId ? await findMoneySource(chargeId) : null
    if (source) return source
  }
  await processPaidInvoice(invoiceId)
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).lean()
  const paid = (await readBack(invoiceId))?.amountSettled ?? 0
  if (!row || paid <= 0) return null
  const { userId, amount, currency } = row
  const charge = { id: invoiceId, paymentIntentId: null, invoiceId, amount, amountRefunded: 0, currency, refunds: [] }
  return {
    userId,
    charge: { ...charge, customerId: null, receiptUrl: null, metadata: {} },
    isTold: false,
    of: { type: 'invoice', id: invoiceId },
    paid,
    credited: await creditedOf(invoiceId),
  }
}
