import type { Types } from 'mongoose'
import { packsIn } from '../line-items/purchased-lines.ts'
import { findPurchases, type Purchase } from './purchase.server.ts'

/** The payment behind a grant. Money is in minor units of `currency`. */
export interface PaymentBehind extends Pick<
  Purchase,
  'billingReason' | 'amount' | 'amountRefunded' | 'currency' | 'creditsAdded' | 'paidAt' | 'invoiceNumber' | 'url'
> {
  /** The plan's name, or null. */
  plan: string | null
  /** Packs bought with it: "Credit pack 2000". */
  packs: string[]
  /** Credits for the plan, over all monthly shares. */
  planCredits: number
  /** Open at the bank, or lost. */
  dispute: 'open' | 'lost' | null
}

interface Source {
  type: string
  id: string
}

/**
 * Finds the payments behind a user's grants, by their sources; unpaid grants have none.
 * @param read purchases of the user that were read already; only others are looked up
 * @returns by `type:id`, see {@link sourceKey}
 */
export async function findPaymentsBehind(
  userId: Types.ObjectId,
  sources: readonly Source[],
  read: readonly Purchase[] = [],
): Promise<Map<string, PaymentBehind>> {
  const wanted = new Map(sources.map((source) => [sourceKey(source), source]))
  const known = read.filter(({ key }) => wanted.delete(sourceKey(key)))
  const purchases = [...known, ...(await findPurchases(userId, [...wanted.values()]))]
  return new Map(purchases.map((purchase) => [sourceKey(purchase.key), paymentOf(purchase)]))
}

/** The key of a source in the result of {@link findPaymentsBehind}. */
export function sourceKey({ type, id }: Source): string {
  return `${type}:${id}`
}

function paymentOf(purchase: Purchase): PaymentBehind {
  const { planName, interval, lines, billingReason, amount, amountRefunded, currency, creditsAdded } = purchase
  const { status, paidAt, invoiceNumber, url } = purchase
  return {
    plan: lines && !interval ? null : planName,
    packs: packsIn(lines ?? []),
    planCredits: planCredits(purchase),
    billingReason,
    amount,
    amountRefunded,
    dispute: status === 'disputed' ? 'open' : status === 'dispute_lost' ? 'lost' : null,
    currency,
    creditsAdded,
    paidAt,
    invoiceNumber,
    url,
  }
}

/** From the lines, since the plan file may have changed. */
const planCredits = ({ planName, lines, creditsAdded }: Purchase): number =>
  planName === null
    ? 0
    : (lines ?? []).reduce((sum, { kind, credits }) => (kind === 'pack' ? sum - credits : sum), creditsAdded)
