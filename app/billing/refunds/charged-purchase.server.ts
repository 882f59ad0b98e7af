import type { Types } from 'mongoose'
import { fulfillCheckout } from '../checkout/fulfill-checkout.server.ts'
import { resolveUser } from '../customers/resolve-user.server.ts'
import { NotReadyYet } from '../errors.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { findPurchase, findPurchaseOfCharge, type PurchaseKey } from '../purchases/purchase.server.ts'
import { callStripe, findAtStripe, isOurs, listAll } from '../stripe/client.server.ts'
import { readCharge, type StripeCharge } from '../stripe/objects/charge.ts'
import { readSession } from '../stripe/objects/checkout-session.ts'
import { reference } from '../stripe/objects/fields.ts'
import { retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { moneyNamedBy, type NamedMoney } from './credit-note-lines.ts'
import { type InvoicePart, partsOfInvoice } from './invoice-parts.ts'
import { chargesOfInvoice, creditNotesOf } from './stripe-refunds.server.ts'

/** A purchase whose credits are granted, with all charges that paid for it. */
export interface ChargedPurchase {
  key: PurchaseKey
  userId: Types.ObjectId
  /** Minor units, including what the customer's balance paid; never less than the charges. */
  paid: number
  currency: string
  /** An invoice can have several payments. */
  charges: StripeCharge[]
  /** Money returned for single lines of the invoice, by its credit notes. */
  named: NamedMoney
  /** The parts that are refunded separately; null if the purchase is one whole. */
  parts: InvoicePart[] | null
}

/** A purchase without parts: a refund applies to all of it. */
export const UNDIVIDED = { named: moneyNamedBy([]), parts: null }

/** Retrieves a charge; null when Stripe does not know it. */
export async function retrieveCharge(chargeId: string): Promise<StripeCharge | null> {
  const found = await findAtStripe((stripe) => stripe.charges.retrieve(chargeId))
  return found && readCharge(found)
}

/**
 * Finds what a charge paid for and makes sure its credits are granted: a refund's event may arrive before the
 * invoice's, when there is nothing to take back yet.
 * @returns null when the charge is not ours
 * @throws NotReadyYet when it is ours and its purchase is not known yet
 */
export async function findChargedPurchase(charge: StripeCharge): Promise<ChargedPurchase | null> {
  const { paymentIntentId, amount: paid, currency } = charge
  const invoiceId = charge.invoiceId ?? (await invoiceOf(charge))
  // A charge of a customer deleted in Stripe can still be refunded.
  const userId =
    (await resolveUser(charge))?._id ?? (await findPurchaseOfCharge({ invoiceId, paymentIntentId }))?.userId
  if (!userId) return null
  if (invoiceId) {
    await recordPaidInvoice(invoiceId)
    return ofInvoice(invoiceId, { userId, charge })
  }
  if (!paymentIntentId || !(await isPackRecorded(paymentIntentId))) return null
  return { ...UNDIVIDED, userId, key: { type: 'payment', id: paymentIntentId }, paid, currency, charges: [charge] }
}

/**
 * The same for an invoice, which may have been paid from the customer's balance alone.
 * @returns null when it sold nothing of ours, or nothing was paid for it
 */
export async function findInvoicePurchase(invoiceId: string): Promise<ChargedPurchase | null> {
  await recordPaidInvoice(invoiceId)
  const stored = await findPurchase({ type: 'invoice', id: invoiceId })
  const purchase = stored && (await ofInvoice(invoiceId, { userId: stored.userId }))
  return purchase && purchase.paid > 0 ? purchase : null
}

async function ofInvoice(
  invoiceId: string,
  { userId, charge }: { userId: Types.ObjectId; charge?: StripeCharge },
): Promise<ChargedPurchase> {
  const key: PurchaseKey = { type: 'invoice', id: invoiceId }
  const [invoice, stored, listed, notes] = await Promise.all([
    retrieveInvoice(invoiceId),
    findPurchase(key),
    chargesOfInvoice(invoiceId),
    creditNotesOf(invoiceId),
  ])
  const isListed = listed.some(({ id }) => id === charge?.id)
  const charges = charge && !isListed ? [charge, ...listed] : listed
  const charged = charges.reduce((sum, { amount }) => sum + amount, 0)
  const paid = Math.max(charged, invoice?.amountSettled ?? 0)
  const currency = invoice?.currency ?? charge?.currency ?? ''
  const named = moneyNamedBy(notes)
  const parts = invoice && partsOfInvoice(invoice.lines, stored?.lines, named.waived)
  return { key, userId, paid, currency, charges, named, parts }
}

/** Since API version 2025-03-31 a charge does not name its invoice; the invoice's payments name the payment intent. */
async function invoiceOf({ paymentIntentId }: StripeCharge): Promise<string | null> {
  if (!paymentIntentId) return null
  const { data } = await callStripe((stripe) =>
    stripe.invoicePayments.list({ payment: { type: 'payment_intent', payment_intent: paymentIntentId }, limit: 1 }),
  )
  return reference.parse(data[0]?.invoice)
}

async function isPackRecorded(paymentId: string): Promise<boolean> {
  const sessions = await listAll((stripe) => stripe.checkout.sessions.list({ payment_intent: paymentId, limit: 1 }))
  const session = sessions[0] && readSession(sessions[0])
  if (!session) return false
  await fulfillCheckout(session.id)
  const purchase = await findPurchase({ type: 'payment', id: paymentId })
  if (!purchase && isOurs(session.metadata)) throw new NotReadyYet(`The pack of ${paymentId} is not paid yet`)
  return purchase !== null
}
