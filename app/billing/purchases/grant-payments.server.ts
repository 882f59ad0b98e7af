import type { Types } from 'mongoose'
import { packsIn } from '../line-items/purchased-lines.ts'
import { findPurchases, type Purchase } from './purchase.server.ts'

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
  const purchases = await findPurchases(userId, sources)
  return new Map(purchases.map((purchase) => [sourceKey(purchase.key), paymentOf(purchase)]))
}

/** Under what {@link findPaymentsBehind} puts the payment behind a source. */
export function sourceKey({ type, id }: Source): string {
  return `${type}:${id}`
}

const disputeOf = ({ status }: Purchase): PaymentBehind['dispute'] =>
  status === 'disputed' ? 'open' : status === 'dispute_lost' ? 'lost' : null

function paymentOf(purchase: Purchase): PaymentBehind {
  const { planName, interval, lines, billingReason, amount, amountRefunded, currency, creditsAdded } = purchase
  return {
    plan: lines && !interval ? null : planName,
    packs: packsIn(lines ?? []),
    planCredits: planCredits(purchase),
    billingReason,
    amount,
    amountRefunded,
    dispute: disputeOf(purchase),
    currency,
    creditsAdded,
    paidAt: purchase.paidAt,
    invoiceNumber: purchase.invoiceNumber,
    url: purchase.url,
  }
}

/** From the lines and not from the plan file, which may have changed since. */
const planCredits = ({ planName, lines, creditsAdded }: Purchase): number =>
  planName === null
    ? 0
    : (lines ?? []).reduce((sum, { kind, credits }) => (kind === 'pack' ? sum - credits : sum), creditsAdded)
