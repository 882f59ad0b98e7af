import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import type { Types } from 'mongoose'
import { processCheckout } from './completed-checkout.server.ts'
import { NotReadyYet } from './errors.ts'
import { ownerOf } from './owner.server.ts'
import { processPaidInvoice, readBack } from './paid-invoice.server.ts'
import { APP_TAG, callStripe, findAtStripe, listAll } from './stripe.server.ts'
import { readCharge, type StripeCharge } from './stripe-shapes/charge.ts'
import { readCreditNote } from './stripe-shapes/invoice.ts'
import { readSession } from './stripe-shapes/session.ts'

/** What a charge paid for, with its credits granted. */
export interface MoneySource {
  /** Stripe does not know the charge; an event told of it. */
  isTold: boolean
  userId: Types.ObjectId
  charge: StripeCharge
  of: { type: 'invoice' | 'payment'; id: string }
  /** What was paid in all, in minor units, from the customer's balance too: never below the charge. */
  paid: number
  /** What credit notes gave back of it beside refunds, to the customer's balance for one. */
  credited: number
}

/**
 * Finds what a charge paid for and makes sure that its credits have been granted: a refund may be told of before the
 * invoice is, and then there would be nothing to take back.
 * @param told the charge as an event had it, should Stripe not know it
 * @returns null when the charge is none of ours
 * @throws NotReadyYet when it is ours and its purchase is not known yet
 */
export async function findMoneySource(chargeId: string, told: ToldCharge | null = null): Promise<MoneySource | null> {
  const found = await findAtStripe((stripe) => stripe.charges.retrieve(chargeId))
  if (!found) return told && toldSource(told)
  const charge = readCharge(found)
  const invoiceId = charge.invoiceId ?? (await invoiceOf(charge))
  const userId = (await ownerOf(charge))?._id ?? (await payerOf(charge, invoiceId))
  if (!userId) return null
  if (invoiceId) {
    await processPaidInvoice(invoiceId)
    const invoice = await readBack(invoiceId)
    const paid = Math.max(charge.amount, invoice?.amountSettled ?? 0)
    const credited = await creditedOf(invoiceId)
    return { userId, charge, isTold: false, of: { type: 'invoice', id: invoiceId }, paid, credited }
  }

  const paymentId = charge.paymentIntentId
  if (!paymentId || !(await isPack(paymentId))) return null
  return { userId, charge, isTold: false, of: { type: 'payment', id: paymentId }, paid: charge.amount, credited: 0 }
}

/** The same with what has gone back of it by now. */
export async function readAgain(source: MoneySource): Promise<MoneySource> {
  const { isTold, charge, of } = source
  if (isTold) return source
  const found = await findAtStripe((stripe) => stripe.charges.retrieve(charge.id))
  const amountRefunded = found ? readCharge(found).amountRefunded : charge.amountRefunded
  const credited = of.type === 'invoice' ? await creditedOf(of.id) : 0
  return { ...source, charge: { ...charge, amountRefunded }, credited }
}

/** What an invoice's credit notes gave back other than by refunds, in minor units. */
export async function creditedOf(invoice: string): Promise<number> {
  const notes = await listAll(
    (stripe) => stripe.creditNotes.list({ invoice, limit: 100 }),
    (note) => readCreditNote(note),
  )
  return notes.reduce((sum, { amountCredited }) => sum + amountCredited, 0)
}

/** What an event says of a charge. */
export type ToldCharge = Pick<
  StripeCharge,
  'id' | 'paymentIntentId' | 'invoiceId' | 'amountRefunded' | 'currency' | 'refunds'
>

/** By our own books alone. */
async function toldSource(told: ToldCharge): Promise<MoneySource | null> {
  const { paymentIntentId, invoiceId } = told
  const known = { amount: 0, customerId: null, receiptUrl: null, metadata: {}, ...told }
  const invoice = await BillingHistoryModel.findOne(
    invoiceId ? { stripeInvoiceId: invoiceId } : { stripePaymentIntentId: paymentIntentId ?? '' },
  ).lean<BillingHistory>()
  if (invoice) {
    const { userId, stripeInvoiceId: id, amount: paid } = invoice
    return { userId, charge: { ...known, amount: paid }, isTold: true, of: { type: 'invoice', id }, paid, credited: 0 }
  }
  const payment = await PaymentModel.findOne({ stripePaymentIntentId: paymentIntentId ?? '' }).lean<Payment>()
  if (!payment) return null
  const { userId, stripePaymentIntentId: id, amount: paid } = payment
  return { userId, charge: { ...known, amount: paid }, isTold: true, of: { type: 'payment', id }, paid, credited: 0 }
}

/** Whose payment it is by our own books: a customer may be deleted at Stripe, and its money still be refunded. */
async function payerOf({ paymentIntentId }: StripeCharge, invoiceId: string | null): Promise<Types.ObjectId | null> {
  const row = invoiceId
    ? await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).select({ userId: 1 }).lean()
    : await PaymentModel.findOne({ stripePaymentIntentId: paymentIntentId ?? '' })
        .select({ userId: 1 })
        .lean()
  return row?.userId ?? null
}

/** Since basil a charge does not name its invoice; the invoice's payments name the payment intent. */
async function invoiceOf({ paymentIntentId }: StripeCharge): Promise<string | null> {
  if (!paymentIntentId) return null
  const { data } = await callStripe((stripe) =>
    stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: paymentIntentId }, limit: 1 }),
  )
  const invoice = data[0]?.invoice
  return typeof invoice === 'string' ? invoice : (invoice?.id ?? null)
}

async function isPack(paymentId: string): Promise<boolean> {
  const sessions = await listAll((stripe) => stripe.checkout.sessions.list({ payment_intent: paymentId, limit: 1 }))
  const session = sessions[0] && readSession(sessions[0])
  if (!session) return false
  await processCheckout(session.id)
  const payment = await PaymentModel.exists({ stripePaymentIntentId: paymentId })
  if (!payment && session.metadata.app === APP_TAG) throw new NotReadyYet(`The pack of ${paymentId} is not paid yet`)
  return payment !== null
}
