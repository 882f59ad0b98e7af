import type { Types } from 'mongoose'
import type { PurchasedLine } from '#models/purchased-line.server.ts'
import { besides } from '../line-items/purchased-lines.ts'
import { listNewestPurchases, type Purchase } from './purchase.server.ts'

/** What a row shows of its purchase: by name, so that a field added to purchases does not reach the API. */
const SHOWN = [
  'interval',
  'intervalCount',
  'amount',
  'amountRefunded',
  'creditsReversed',
  'currency',
  'creditsAdded',
  'status',
  'statusReason',
  'billingReason',
  'periodStart',
  'periodEnd',
  'isCurrentSubscription',
  'stripeSubscriptionId',
  'invoicePdf',
] as const satisfies (keyof Purchase)[]

/** One payment, as the dashboard and the API show it. */
export interface BillingHistoryView extends Pick<Purchase, (typeof SHOWN)[number]> {
  id: string
  kind: 'plan' | 'pack'
  planName: string
  /** Items bought besides the plan, or besides what `planName` says: "Credit pack 2000". */
  besides: string[]
  /** All items bought; empty in rows from before this was stored. */
  lines: PurchasedLine[]
  transactionDate: Date
  stripeInvoiceId: string | null
  /** Stripe's page of the invoice, or the receipt of a pack. */
  hostedInvoiceUrl: string | null
}

const ROWS_MAX = 200

/** A user's payments, newest first: plans and packs. */
export async function listBillingHistory(userId: Types.ObjectId): Promise<BillingHistoryView[]> {
  return (await listShownPurchases(userId)).map(toHistoryView)
}

/** The purchases of {@link listBillingHistory}, for a page that shows more of them. */
export const listShownPurchases = (userId: Types.ObjectId): Promise<Purchase[]> => listNewestPurchases(userId, ROWS_MAX)

/** Shows a purchase as a row of the history. */
export function toHistoryView(purchase: Purchase): BillingHistoryView {
  const { key, rowId, name, planName, lines, interval, paidAt, url } = purchase
  const shown = Object.fromEntries(SHOWN.map((field) => [field, purchase[field]]))
  return {
    ...(shown as Pick<Purchase, (typeof SHOWN)[number]>),
    id: rowId.toHexString(),
    kind: key.type === 'invoice' ? 'plan' : 'pack',
    planName: name,
    besides: interval ? besides(lines, planName) : [],
    lines: lines ?? [],
    transactionDate: paidAt,
    stripeInvoiceId: key.type === 'invoice' ? key.id : null,
    hostedInvoiceUrl: url,
  }
}
