import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import type { Types } from 'mongoose'
import { processCheckout } from '../checkout/fulfill-checkout.server.ts'
import { moneyNamedBy, type NamedMoney } from './credit-note-lines.ts'
import { NotReadyYet } from '../errors.ts'
import { chargesOfInvoice, creditNotesOf } from './money-returned.server.ts'
import { ownerOf } from '../customers/resolve-user.server.ts'
import { processPaidInvoice, readBack } from '../invoices/record-paid-invoice.server.ts'
import { type InvoicePart, partsOfInvoice } from './invoice-parts.ts'
import { callStripe, findAtStripe, isOurs, listAll } from '../stripe/client.server.ts'
import { readCharge, type StripeCharge } from '../stripe/objects/charge.ts'
import { readSession } from '../stripe/objects/checkout-session.ts'

/** What was bought, with its credits granted, and all the money that paid for it. */
export interface MoneySource {
  userId: Types.ObjectId
  of: { type: 'invoice' | 'payment'; id: string }
  /** What was paid in all, in minor units, from the customer's balance too: never below the charges. */
  paid: number
  currency: string
  /** All that paid for it: an invoice can have several payments. */
  charges: StripeCharge[]
  /** What of it went back for a line of the invoice, as its credit notes say. */
  named: NamedMoney
  /** What bears refunds by itself; null where all of it is one whole. */
  parts: InvoicePart[] | null
  /** An event's word of the charge, where Stripe does not know it; there is nothing to read back then. */
  told: ToldCharge | null
}

const undivided = { named: moneyNamedBy([]), parts: null }

/** What an event says of a charge. */
export type ToldCharge = Pick<
  StripeCharge,
  'id' | 'paymentIntentId' | 'invoiceId' | 'amountRefunded' | 'currency' | 'refunds'
>

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
    return ofInvoice(invoiceId, { userId, charge })
  }

  const paymentId = charge.paymentIntentId
  if (!paymentId || !(await isPack(paymentId))) return null
  const { amount: paid, currency } = charge
  return { ...undivided, userId, of: { type: 'payment', id: paymentId }, paid, currency, charges: [charge], told: null }
}

/**
 * The same for an invoice, which the customer's balance alone may have paid.
 * @returns null when it sold nothing of ours, or nothing was paid for it
 */
export async function findInvoiceSource(invoiceId: string): Promise<MoneySource | null> {
  await processPaidInvoice(invoiceId)
  const row = await BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).lean<BillingHistory>()
  const source = row && (await ofInvoice(invoiceId, { userId: row.userId }))
  return source && source.paid > 0 ? source : null
}

async function ofInvoice(
  invoiceId: string,
  { userId, charge }: { userId: Types.ObjectId; charge?: StripeCharge },
): Promise<MoneySource> {
  const [invoice, row, listed, notes] = await Promise.all([
    readBack(invoiceId),
    BillingHistoryModel.findOne({ stripeInvoiceId: invoiceId }).select({ lines: 1 }).lean<BillingHistory>(),
    chargesOfInvoice(invoiceId),
    creditNotesOf(invoiceId),
  ])
  const isListed = listed.some(({ id }) => id === charge?.id)
  const charges = charge && !isListed ? [charge, ...listed] : listed
  const charged = charges.reduce((sum, { amount }) => sum + amount, 0)
  const paid = Math.max(charged, invoice?.amountSettled ?? 0)
  const currency = invoice?.currency ?? charge?.currency ?? ''
  const named = moneyNamedBy(notes)
  const parts = invoice && partsOfInvoice(invoice.lines, row?.lines, named.waived)
  return { userId, of: { type: 'invoice', id: invoiceId }, paid, currency, charges, named, parts, told: null }
}

/** By our own books alone. */
async function toldSource(told: ToldCharge): Promise<MoneySource | null> {
  const { paymentIntentId, invoiceId, currency } = told
  const known = { ...undivided, currency, charges: [], told }
  const invoice = await BillingHistoryModel.findOne(
    invoiceId ? { stripeInvoiceId: invoiceId } : { stripePaymentIntentId: paymentIntentId ?? '' },
  ).lean<BillingHistory>()
  if (invoice) {
    const { userId, stripeInvoiceId: id, amount: paid } = invoice
    return { ...known, userId, of: { type: 'invoice', id }, paid }
  }
  const payment = await PaymentModel.findOne({ stripePaymentIntentId: paymentIntentId ?? '' }).lean<Payment>()
  if (!payment) return null
  const { userId, stripePaymentIntentId: id, amount: paid } = payment
  return { ...known, userId, of: { type: 'payment', id }, paid }
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
  if (!payment && isOurs(session.metadata)) throw new NotReadyYet(`The pack of ${paymentId} is not paid yet`)
  return payment !== null
}
