import type { Types } from 'mongoose'
import type { BillingHistory } from '#models/billing-history.server.ts'
import type { PurchasedLine } from '#models/purchased-line.server.ts'
import type { BillingInterval } from '../billing-interval.ts'
import { besides } from '../line-items/purchased-lines.ts'
import { listNewestPurchases, type Purchase } from './purchase.server.ts'

/** One payment, as the dashboard and the API show it. */
export interface BillingHistoryView {
  id: string
  kind: 'plan' | 'pack'
  planName: string
  /** Items bought besides the plan, or besides what `planName` says: "Credit pack 2000". */
  besides: string[]
  /** All items bought; empty in rows from before this was stored. */
  lines: PurchasedLine[]
  /** The billing interval: every `intervalCount` of `interval`. */
  interval: BillingInterval['interval'] | null
  intervalCount: number | null
  /** In minor units of `currency`. */
  amount: number
  amountRefunded: number
  /** Credits taken back by refunds and disputes; null in rows from before this was stored. */
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

/** A user's payments, newest first: plans and packs. */
export async function listBillingHistory(userId: Types.ObjectId): Promise<BillingHistoryView[]> {
  return (await listNewestPurchases(userId, ROWS_MAX)).map(toView)
}

function toView(purchase: Purchase): BillingHistoryView {
  const { key, rowId, userId: _, name, planName, lines, interval, paidAt, url, invoiceNumber: __, ...rest } = purchase
  const isInvoice = key.type === 'invoice'
  return {
    ...rest,
    id: rowId.toHexString(),
    kind: isInvoice ? 'plan' : 'pack',
    planName: name,
    besides: interval ? besides(lines, planName) : [],
    lines: lines ?? [],
    interval,
    transactionDate: paidAt,
    stripeInvoiceId: isInvoice ? key.id : null,
    hostedInvoiceUrl: url,
  }
}
