import { listReversals, type OpenReversal, reversedOfSource } from '../../credits/reversal-history.server.ts'
import { stripeRefundKey } from '../../credits/keys.ts'
import type { MoneySource } from './charged-purchase.server.ts'
import { findAtStripe, listAll } from '../stripe/client.server.ts'
import {
  readCharge,
  readDispute,
  readPaymentsCharge,
  type StripeCharge,
  type StripeDispute,
} from '../stripe/objects/charge.ts'
import { readCreditNote, readCreditNoteLine, type StripeCreditNote } from '../stripe/objects/credit-note.ts'

/** How a payment stands: what went back of it over all its charges, and what of its credits. */
export interface MoneyBack {
  /** By refunds and credit notes, in minor units. */
  refunded: number
  /** Of several disputes an open one says more than a lost one. `unknown`: as it was said before. */
  dispute: 'open' | 'lost' | 'none' | 'unknown'
  credits: number
}

/** Reads it from Stripe and from the ledger, now. */
export async function readMoneyBack(source: MoneySource): Promise<MoneyBack> {
  const { userId, of, told } = source
  const credits = await reversedOfSource(userId, of)
  if (told) return { refunded: sumOf(await refundsTaken(source)), dispute: 'unknown', credits }
  const [charges, notes] = await Promise.all([
    of.type === 'invoice' ? chargesOfInvoice(of.id) : chargesAgain(source),
    of.type === 'invoice' ? creditNotesOf(of.id) : [],
  ])
  const disputes = await disputesOf(charges)
  const credited = notes.reduce((sum, { amountCredited }) => sum + amountCredited, 0)
  return {
    refunded: charges.reduce((sum, { amountRefunded }) => sum + amountRefunded, credited),
    dispute: disputes.some(({ isOpen }) => isOpen) ? 'open' : disputes.some(({ isLost }) => isLost) ? 'lost' : 'none',
    credits,
  }
}

/** Charges that paid an invoice, over all its payments. */
export async function chargesOfInvoice(invoice: string): Promise<StripeCharge[]> {
  const expand = ['data.payment.payment_intent.latest_charge']
  const charges = await listAll(
    (stripe) => stripe.invoicePayments.list({ invoice, limit: 100, expand }),
    (payment) => readPaymentsCharge(payment),
  )
  return charges.filter((charge) => charge !== null).filter(({ isPaid }) => isPaid)
}

async function chargesAgain({ charges }: MoneySource): Promise<StripeCharge[]> {
  const found = await Promise.all(charges.map(({ id }) => findAtStripe((stripe) => stripe.charges.retrieve(id))))
  return found.map((charge, index) => (charge ? readCharge(charge) : charges[index])).filter((one) => one !== undefined)
}

/** An invoice's credit notes, with all their lines. */
export async function creditNotesOf(invoice: string): Promise<StripeCreditNote[]> {
  const notes = await listAll(
    (stripe) => stripe.creditNotes.list({ invoice, limit: 100 }),
    (note) => readCreditNote(note),
  )
  return Promise.all(notes.map(withAllLines))
}

async function withAllLines(note: StripeCreditNote): Promise<StripeCreditNote> {
  if (!note.hasMoreLines) return note
  const lines = await listAll((stripe) => stripe.creditNotes.listLineItems(note.id, { limit: 100 }))
  return { ...note, lines: lines.map(readCreditNoteLine), hasMoreLines: false }
}

/** Disputes of charges. */
export async function disputesOf(charges: readonly StripeCharge[]): Promise<StripeDispute[]> {
  const lists = await Promise.all(
    charges.map(({ id: charge }) =>
      listAll(
        (stripe) => stripe.disputes.list({ charge, limit: 100 }),
        (dispute) => readDispute(dispute),
      ),
    ),
  )
  return lists.flat()
}

/** What refunds have taken of a payment; disputes have taken theirs besides. */
export async function refundsTaken({ userId, of }: Pick<MoneySource, 'userId' | 'of'>): Promise<OpenReversal[]> {
  return (await listReversals(userId, of)).filter(({ key }) => key.startsWith(stripeRefundKey('')))
}

/** The money of them, in minor units. */
export const sumOf = (taken: readonly OpenReversal[]): number => taken.reduce((sum, { amount }) => sum + amount, 0)
