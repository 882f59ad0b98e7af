import type { Types } from 'mongoose'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { type Payment, PaymentModel } from '#models/payment.server.ts'
import { packsIn } from '../line-items/purchased-lines.ts'

/** What was paid for a grant of credits. Money is in minor units of `currency`. */
export interface PaymentBehind {
  /** A plan's name, or null where there is none. */
  plan: string | null
  /** The packs that were bought with it: "Credit pack 2000". */
  packs: string[]
  /** What came for the plan, all its monthly shares together. */
  planCredits: number
  /** Stripe's own word for why the invoice was made, such as `subscription_cycle`; null for a pack. */
  billingReason: string | null
  amount: number
  amountRefunded: number
  /** Open at the bank, or decided for the cardholder. */
  dispute: 'open' | 'lost' | null
  currency: string
  /** What it brought in all, over all its grants. */
  creditsAdded: number
  paidAt: Date
  /** As it stands on the invoice; null for a pack, and in rows from before it was stored. */
  invoiceNumber: string | null
  /** Stripe's page of the invoice, or the receipt of a pack. */
  url: string | null
}

interface Source {
  type: string
  id: string
}

/**
 * Finds what was paid for grants, by their sources; those that nothing was paid for have none.
 * @param userId the owner: somebody else's payment is never found
 * @param sources of grants, repeated as often as they are
 * @returns by `type:id`, see {@link sourceKey}
 */
export async function findPaymentsBehind(
  userId: Types.ObjectId,
  sources: readonly Source[],
): Promise<Map<string, PaymentBehind>> {
  const idsOf = (wanted: string) => [...new Set(sources.filter(({ type }) => type === wanted).map(({ id }) => id))]
  const [invoices, payments] = await Promise.all([
    BillingHistoryModel.find({ userId, stripeInvoiceId: { $in: idsOf('invoice') } }).lean<BillingHistory[]>(),
    PaymentModel.find({ userId, stripePaymentIntentId: { $in: idsOf('payment') } }).lean<Payment[]>(),
  ])
  return new Map([
    ...invoices.map((row) => [sourceKey({ type: 'invoice', id: row.stripeInvoiceId }), ofInvoice(row)] as const),
    ...payments.map((row) => [sourceKey({ type: 'payment', id: row.stripePaymentIntentId }), ofPack(row)] as const),
  ])
}

/** Under what {@link findPaymentsBehind} puts the payment behind a source. */
export function sourceKey({ type, id }: Source): string {
  return `${type}:${id}`
}

const disputeOf = ({ status }: { status: string }): PaymentBehind['dispute'] =>
  status === 'disputed' ? 'open' : status === 'dispute_lost' ? 'lost' : null

const ofInvoice = (row: BillingHistory): PaymentBehind => ({
  plan: row.lines && !row.interval ? null : row.planName,
  packs: packsIn(row.lines ?? []),
  planCredits: planCredits(row),
  billingReason: row.billingReason ?? null,
  amount: row.amount,
  amountRefunded: row.amountRefunded,
  dispute: disputeOf(row),
  currency: row.currency,
  creditsAdded: row.creditsAdded,
  paidAt: row.transactionDate,
  invoiceNumber: row.stripeInvoiceNumber ?? null,
  url: row.hostedInvoiceUrl ?? null,
})

/** Of the row and not of the plan file, which may give the credits of a year otherwise by now. */
const planCredits = ({ lines, creditsAdded }: BillingHistory): number =>
  (lines ?? []).reduce((sum, { kind, credits }) => (kind === 'pack' ? sum - credits : sum), creditsAdded)

const ofPack = (row: Payment): PaymentBehind => ({
  plan: null,
  packs: packsIn(row.lines ?? []),
  planCredits: 0,
  billingReason: null,
  amount: row.amount,
  amountRefunded: row.amountRefunded,
  dispute: disputeOf(row),
  currency: row.currency,
  creditsAdded: row.creditsAdded,
  paidAt: row.paidAt,
  invoiceNumber: null,
  url: row.receiptUrl ?? null,
})
