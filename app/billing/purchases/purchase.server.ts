import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import type { PurchasedLine } from '#models/purchased-line.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import { formatDate, formatDay } from '../../format.ts'
import type { BillingInterval } from '../billing-interval.ts'
import { besides, joined, packInWords, purchaseInWords } from '../line-items/purchased-lines.ts'

/*
 * A purchase is what one payment bought: an invoice, stored in BillingHistory, or packs bought at checkout without an
 * invoice, stored in Payment. Only this module knows that there are two collections.
 */

/** Names a purchase by its invoice, or by the payment intent of a pack's checkout. */
export interface PurchaseKey {
  type: 'invoice' | 'payment'
  id: string
}

/** One purchase as stored. Money is in minor units of `currency`. */
export interface Purchase {
  key: PurchaseKey
  rowId: Types.ObjectId
  userId: Types.ObjectId
  /** The plan, or what an invoice without a plan sold; null for packs from checkout. */
  planName: string | null
  /** What the customer bought: the plan, or the packs. */
  name: string
  /** The billing interval: every `intervalCount` of `interval`; null for a purchase without a plan. */
  interval: BillingInterval['interval'] | null
  intervalCount: number | null
  /** All items bought; null in rows from before lines were stored. */
  lines: PurchasedLine[] | null
  amount: number
  /** Refunds and credit notes. */
  amountRefunded: number
  currency: string
  creditsAdded: number
  /** Credits that refunds, credit notes and disputes took back; null in rows from before this was stored. */
  creditsReversed: number | null
  status: BillingHistory['status']
  statusReason: string | null
  /** Stripe's, such as `subscription_cycle`; null for packs from checkout. */
  billingReason: string | null
  paidAt: Date
  periodStart: Date | null
  periodEnd: Date | null
  isCurrentSubscription: boolean
  stripeSubscriptionId: string | null
  /** As on the invoice; null for packs from checkout, and in rows from before it was stored. */
  invoiceNumber: string | null
  /** Stripe's page of the invoice, or the receipt of a pack. */
  url: string | null
  invoicePdf: string | null
}

/** What a Stripe charge says about its purchase. */
export interface ChargeReference {
  invoiceId: string | null
  paymentIntentId: string | null
}

/** Finds a purchase by its key. */
export async function findPurchase({ type, id }: PurchaseKey): Promise<Purchase | null> {
  if (type === 'payment') {
    const payment = await PaymentModel.findOne({ stripePaymentIntentId: id }).lean<Payment>()
    return payment && ofPayment(payment)
  }
  const invoice = await BillingHistoryModel.findOne({ stripeInvoiceId: id }).lean<BillingHistory>()
  return invoice && ofInvoice(invoice)
}

/** Finds what a charge paid for, from the database only. */
export async function findPurchaseOfCharge({ invoiceId, paymentIntentId }: ChargeReference): Promise<Purchase | null> {
  const invoice = await BillingHistoryModel.findOne(
    invoiceId ? { stripeInvoiceId: invoiceId } : { stripePaymentIntentId: paymentIntentId ?? '' },
  ).lean<BillingHistory>()
  if (invoice) return ofInvoice(invoice)
  const payment = await PaymentModel.findOne({ stripePaymentIntentId: paymentIntentId ?? '' }).lean<Payment>()
  return payment && ofPayment(payment)
}

/** Finds a user's purchases by the sources of grants; sources that are no purchase of theirs are skipped. */
export async function findPurchases(
  userId: Types.ObjectId,
  keys: readonly { type: string; id: string }[],
): Promise<Purchase[]> {
  const idsOf = (wanted: string) => [...new Set(keys.filter(({ type }) => type === wanted).map(({ id }) => id))]
  const [invoiceIds, paymentIds] = [idsOf('invoice'), idsOf('payment')]
  const [invoices, payments] = await Promise.all([
    invoiceIds.length > 0
      ? BillingHistoryModel.find({ userId, stripeInvoiceId: { $in: invoiceIds } }).lean<BillingHistory[]>()
      : [],
    paymentIds.length > 0
      ? PaymentModel.find({ userId, stripePaymentIntentId: { $in: paymentIds } }).lean<Payment[]>()
      : [],
  ])
  return [...invoices.map(ofInvoice), ...payments.map(ofPayment)]
}

/** Lists a user's newest purchases, newest first. */
export async function listNewestPurchases(userId: Types.ObjectId, limit: number): Promise<Purchase[]> {
  const [invoices, payments] = await Promise.all([
    BillingHistoryModel.find({ userId }).sort({ transactionDate: -1, _id: -1 }).limit(limit).lean<BillingHistory[]>(),
    PaymentModel.find({ userId }).sort({ paidAt: -1, _id: -1 }).limit(limit).lean<Payment[]>(),
  ])
  return [...invoices.map(ofInvoice), ...payments.map(ofPayment)]
    .sort((a, b) => b.paidAt.getTime() - a.paidAt.getTime())
    .slice(0, limit)
}

/** Reads every purchase of every user, for an audit. */
export async function* allPurchases(): AsyncGenerator<Purchase> {
  for await (const row of BillingHistoryModel.find().lean<BillingHistory[]>().cursor()) yield ofInvoice(row)
  for await (const row of PaymentModel.find().lean<Payment[]>().cursor()) yield ofPayment(row)
}

/** Why a purchase's money was returned. */
export type ReturnedStatus = 'refunded' | 'partially_refunded' | 'disputed' | 'dispute_lost'

const DISPUTED: ReturnedStatus[] = ['disputed', 'dispute_lost']
const RETURNED: ReturnedStatus[] = ['refunded', 'partially_refunded', ...DISPUTED]

/** Money returned for a purchase. */
export interface Returned {
  /** By refunds and credit notes, in minor units. */
  amount: number
  credits: number
  /** Null if nothing was returned. */
  status: ReturnedStatus | null
  /** False if disputes are unknown: a disputed purchase then keeps its status. */
  isDisputeKnown: boolean
}

/** Stores the money returned for a purchase. */
export async function setReturned(key: PurchaseKey, returned: Returned): Promise<void> {
  const { amount, credits, status, isDisputeKnown } = returned
  const sums = { amountRefunded: amount, creditsReversed: credits }
  const unlessDisputed = isDisputeKnown ? {} : { status: { $nin: DISPUTED } }
  if (key.type === 'payment') {
    const one = { stripePaymentIntentId: key.id }
    await PaymentModel.updateOne(one, { $set: sums })
    await PaymentModel.updateOne({ ...one, ...unlessDisputed }, { $set: { status: status ?? 'paid' } })
    return
  }
  const one = { stripeInvoiceId: key.id }
  await BillingHistoryModel.updateOne(one, { $set: sums })
  if (status) {
    await BillingHistoryModel.updateOne({ ...one, ...unlessDisputed }, { $set: { status } })
    return
  }
  // Restores the earlier status: a row with a reason belongs to a plan that had already ended.
  const before = { ...one, status: { $in: isDisputeKnown ? RETURNED : RETURNED.slice(0, 2) } }
  await BillingHistoryModel.updateOne(
    { ...before, statusReason: { $type: 'string' } },
    { $set: { status: 'cancelled' } },
  )
  await BillingHistoryModel.updateOne(before, { $set: { status: 'active' } })
}

const DESCRIPTION_MAX = 200

/**
 * Describes a purchase for a mail: "Daily, 1 May to 1 Jun 2026 + Credit pack 2000", or "2,000 credits".
 * @param timeZone the reader's
 */
export function describePurchase(purchase: Purchase, timeZone: string): string {
  const { planName, interval, periodStart, periodEnd, lines, creditsAdded } = purchase
  if (planName === null) return purchaseInWords({ lines, creditsAdded }).slice(0, DESCRIPTION_MAX)
  // One-time purchases cover no period.
  const isOnce = lines && !interval
  const period =
    periodStart && periodEnd && !isOnce
      ? `, ${formatDay(periodStart, timeZone, periodEnd)} to ${formatDate(periodEnd, timeZone)}`
      : ''
  const more = interval ? besides(lines, planName) : []
  return joined([`${planName.slice(0, 100)}${period}`, ...more]).slice(0, DESCRIPTION_MAX)
}

/** The fields that both kinds of row have. */
const common = (row: BillingHistory | Payment) => ({
  rowId: row._id,
  userId: row.userId,
  lines: row.lines ?? null,
  amount: row.amount,
  amountRefunded: row.amountRefunded,
  currency: row.currency,
  creditsAdded: row.creditsAdded,
  // Certainly zero if nothing was returned.
  creditsReversed: row.creditsReversed ?? ((RETURNED as string[]).includes(row.status) ? null : 0),
})

function ofInvoice(row: BillingHistory): Purchase {
  return {
    ...common(row),
    key: { type: 'invoice', id: row.stripeInvoiceId },
    planName: row.planName,
    name: row.planName,
    interval: row.interval ?? null,
    intervalCount: row.interval ? (row.intervalCount ?? 1) : null,
    status: row.status,
    statusReason: row.statusReason ?? null,
    billingReason: row.billingReason ?? null,
    paidAt: row.transactionDate,
    periodStart: row.periodStart ?? null,
    periodEnd: row.periodEnd ?? null,
    isCurrentSubscription: row.isCurrentSubscription,
    stripeSubscriptionId: row.stripeSubscriptionId ?? null,
    invoiceNumber: row.stripeInvoiceNumber ?? null,
    url: row.hostedInvoiceUrl ?? null,
    invoicePdf: row.invoicePdf ?? null,
  }
}

function ofPayment(row: Payment): Purchase {
  const bought = besides(row.lines, null)
  return {
    ...common(row),
    key: { type: 'payment', id: row.stripePaymentIntentId },
    planName: null,
    name: bought.length > 0 ? joined(bought) : packInWords(row.pack, row.quantity),
    interval: null,
    intervalCount: null,
    status: row.status === 'paid' ? 'active' : row.status,
    statusReason: null,
    billingReason: null,
    paidAt: row.paidAt,
    periodStart: null,
    periodEnd: null,
    isCurrentSubscription: false,
    stripeSubscriptionId: null,
    invoiceNumber: null,
    url: row.receiptUrl ?? null,
    invoicePdf: null,
  }
}
