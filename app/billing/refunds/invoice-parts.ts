import type { PurchasedLine } from '#models/purchased-line.server.ts'
import type { SoldPart } from '../../credits/reversed-share.ts'
import type { StripeInvoiceLine } from '../stripe/objects/invoice.ts'
import { type LineMoney, moneyOf } from './credit-note-lines.ts'

/** A part of an invoice that is refunded separately. */
export interface InvoicePart extends SoldPart {
  /** It sold only credit packs. */
  isPacks: boolean
}

/**
 * How an invoice's payment divides over its lines. A refund of unused time belongs to the new time of the same
 * subscription item.
 * @param lines all lines of the invoice
 * @param bought their credits, as stored; none in rows from before that was stored
 * @param waived what credit notes took off the lines before the invoice was paid
 * @returns null where the invoice is one whole: it has one line, or gives more back than it sells of something
 */
export function partsOfInvoice(
  lines: readonly StripeInvoiceLine[],
  bought: readonly PurchasedLine[] | null | undefined,
  waived: readonly LineMoney[],
): InvoicePart[] | null {
  if (!bought || lines.length < 2) return null
  const parts = new Map<string, InvoicePart>()
  const giving = new Set(lines.filter(({ amount }) => amount < 0).map(({ itemId }) => itemId))
  for (const { id, itemId, net } of lines) {
    const key = itemId && giving.has(itemId) ? itemId : id
    const part = parts.get(key) ?? { ids: [], money: 0, credits: 0, isPacks: true }
    const sold = bought.find((line) => line.id === id)
    parts.set(key, {
      ids: [...part.ids, id],
      money: part.money + net - moneyOf(waived.filter((one) => one.id === id)),
      credits: part.credits + (sold?.credits ?? 0),
      isPacks: part.isPacks && sold?.kind === 'pack',
    })
  }
  const all = [...parts.values()]
  const isWhole = all.some(({ money, credits }) => money < 0 || credits < 0)
  const counting = all.filter(({ money, credits }) => money > 0 || credits > 0)
  return isWhole || counting.length < 2 ? null : counting
}
