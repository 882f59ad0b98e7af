import { listAll } from '../stripe/client.server.ts'
import {
  readDispute,
  readPaymentsCharge,
  readRefund,
  type StripeCharge,
  type StripeDispute,
  type StripeRefund,
} from '../stripe/objects/charge.ts'
import { readCreditNote, readCreditNoteLine, type StripeCreditNote } from '../stripe/objects/credit-note.ts'

/* The refunds, credit notes and disputes of charges, from Stripe. */

/** Charges that paid an invoice, over all its payments. */
export async function chargesOfInvoice(invoice: string): Promise<StripeCharge[]> {
  const expand = ['data.payment.payment_intent.latest_charge']
  const charges = await listAll(
    (stripe) => stripe.invoicePayments.list({ invoice, limit: 100, expand }),
    readPaymentsCharge,
  )
  return charges.filter((charge) => charge !== null).filter(({ isPaid }) => isPaid)
}

/** Lists the refunds of charges, failed ones included. */
export async function refundsOf(charges: readonly StripeCharge[]): Promise<StripeRefund[]> {
  const lists = await Promise.all(
    charges.map(({ id: charge }) => listAll((stripe) => stripe.refunds.list({ charge, limit: 100 }), readRefund)),
  )
  return lists.flat()
}

/** An invoice's credit notes, with all their lines. */
export async function creditNotesOf(invoice: string): Promise<StripeCreditNote[]> {
  const notes = await listAll((stripe) => stripe.creditNotes.list({ invoice, limit: 100 }), readCreditNote)
  return Promise.all(notes.map(withAllLines))
}

async function withAllLines(note: StripeCreditNote): Promise<StripeCreditNote> {
  if (!note.hasMoreLines) return note
  const lines = await listAll((stripe) => stripe.creditNotes.listLineItems(note.id, { limit: 100 }), readCreditNoteLine)
  return { ...note, lines, hasMoreLines: false }
}

/** Disputes of charges. */
export async function disputesOf(charges: readonly StripeCharge[]): Promise<StripeDispute[]> {
  const lists = await Promise.all(
    charges.map(({ id: charge }) => listAll((stripe) => stripe.disputes.list({ charge, limit: 100 }), readDispute)),
  )
  return lists.flat()
}
