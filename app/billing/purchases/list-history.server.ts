import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import type { BoughtLine } from '#models/bought-line.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import { besides, joined, packInWords } from '../line-items/purchased-lines.ts'
import type { Rhythm } from '../billing-interval.ts'

/** One payment, as the dashboard and the API show it. */
export interface BillingHistoryView {
  id: string
  kind: 'plan' | 'pack'
  planName: string
  /** What was bought beside the plan, or beside what `planName` says: "Credit pack 2000". */
  besides: string[]
  /** All that was paid for; empty in rows from before this was kept. */
  lines: BoughtLine[]
  /** How often it is paid: every `intervalCount` of `interval`. */
  interval: Rhythm['interval'] | null
  intervalCount: number | null
  /** In minor units of `currency`. */
  amount: number
  amountRefunded: number
  /** Credits that went back with the money; null for a row from before this was stored. */
  creditsReversed: number | null
  currency: string
  creditsAdded: number
  status: BillingHistory['status']
  statusReason: string | null
  billingReason: string | null
  transactionDate: Date
  periodStart: Date | null
  periodEnd: Date | null
  isCurrentSubscription: boolean
  stripeInvoiceId: string | null
  stripeSubscriptionId: string | null
  /** Stripe's page of the invoice, or the receipt of a pack. */
  hostedInvoiceUrl: string | null
  invoicePdf: string | null
}

const ROWS_MAX = 200

/** Everything a user has paid, the newest first: plans and packs. */
export async function listBillingHistory(userId: Types.ObjectId): Promise<BillingHistoryView[]> {
  const [invoices, payments] = await Promise.all([
    BillingHistoryModel.find({ userId })
      .sort({ transactionDate: -1, _id: -1 })
      .limit(ROWS_MAX)
      .lean<BillingHistory[]>(),
    PaymentModel.find({ userId }).sort({ paidAt: -1, _id: -1 }).limit(ROWS_MAX).lean<Payment[]>(),
  ])
  return [...invoices.map(ofInvoice), ...payments.map(ofPayment)]
    .sort((a, b) => b.transactionDate.getTime() - a.transactionDate.getTime())
    .slice(0, ROWS_MAX)
}

function ofInvoice(row: BillingHistory): BillingHistoryView {
  return {
    id: row._id.toHexString(),
    kind: 'plan',
    planName: row.planName,
    besides: row.interval ? besides(row.lines, row.planName) : [],
    lines: row.lines ?? [],
    interval: row.interval ?? null,
    intervalCount: row.interval ? (row.intervalCount ?? 1) : null,
    amount: row.amount,
    amountRefunded: row.amountRefunded,
    creditsReversed: creditsReversedOf(row),
    currency: row.currency,
    creditsAdded: row.creditsAdded,
    status: row.status,
    statusReason: row.statusReason ?? null,
    billingReason: row.billingReason ?? null,
    transactionDate: row.transactionDate,
    periodStart: row.periodStart ?? null,
    periodEnd: row.periodEnd ?? null,
    isCurrentSubscription: row.isCurrentSubscription,
    stripeInvoiceId: row.stripeInvoiceId,
    stripeSubscriptionId: row.stripeSubscriptionId ?? null,
    hostedInvoiceUrl: row.hostedInvoiceUrl ?? null,
    invoicePdf: row.invoicePdf ?? null,
  }
}

/** Where nothing went back, that much is known of any row. */
const creditsReversedOf = ({ creditsReversed, status }: { creditsReversed?: number | null; status: string }) =>
  creditsReversed ?? (GONE.has(status) ? null : 0)

const GONE = new Set(['refunded', 'partially_refunded', 'disputed', 'dispute_lost'])

function ofPayment(row: Payment): BillingHistoryView {
  const all = besides(row.lines, null)
  return {
    id: row._id.toHexString(),
    kind: 'pack',
    planName: all.length > 0 ? joined(all) : packInWords(row.pack, row.quantity),
    besides: [],
    lines: row.lines ?? [],
    interval: null,
    intervalCount: null,
    amount: row.amount,
    amountRefunded: row.amountRefunded,
    creditsReversed: creditsReversedOf(row),
    currency: row.currency,
    creditsAdded: row.creditsAdded,
    status: row.status === 'paid' ? 'active' : row.status,
    statusReason: null,
    billingReason: null,
    transactionDate: row.paidAt,
    periodStart: null,
    periodEnd: null,
    isCurrentSubscription: false,
    stripeInvoiceId: null,
    stripeSubscriptionId: null,
    hostedInvoiceUrl: row.receiptUrl ?? null,
    invoicePdf: null,
  }
}
