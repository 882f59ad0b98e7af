import type { InvoiceLine, Subscription, SubscriptionItem } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { DiscountAmount } from '../invoices/totals.ts'

/** The charge for an item's current period, before discounts, and the discounts. */
export interface Debit {
  amount: number
  discounts: DiscountAmount[]
  period: { start: number; end: number }
  /** On an invoice line, or on a pending invoice item. */
  place: { type: 'invoice_item'; id: string } | { type: 'invoice_line_items'; id: string; invoice: string }
}

/**
 * The debit that an item's current price and quantity come from, the latest if there are several: its
 * period's line, or the proration of its last change.
 * @returns null if there is none, as after a change without prorations
 */
export function originalDebit(world: World, subscription: Subscription, item: SubscriptionItem): Debit | null {
  for (const {
    id,
    invoice,
    parent,
    net_amount,
    amount,
    period,
    ...waiting
  } of world.tables.invoiceItems.newestFirst()) {
    const { pricing, quantity, proration_details: details } = waiting
    if (invoice !== null || parent?.subscription_details?.subscription_item !== item.id) continue
    if (details?.credited_items || !isFor(item, { amount, period, pricing, quantity })) continue
    const discounts = (net_amount ?? amount) === amount ? [] : (details?.discount_amounts ?? [])
    return { amount, discounts, period, place: { type: 'invoice_item', id } }
  }
  for (const { id: invoice, customer, status, lines } of world.tables.invoices.newestFirst()) {
    if (customer !== subscription.customer || status === 'void') continue
    const line = lines.data.findLast((one) => isDebit(item, one))
    if (!line) continue
    const { id, amount, discount_amounts, period } = line
    return { amount, discounts: discount_amounts ?? [], period, place: { type: 'invoice_line_items', id, invoice } }
  }
  return null
}

function isDebit(item: SubscriptionItem, line: InvoiceLine): boolean {
  const details = line.parent?.subscription_item_details
  return details?.subscription_item === item.id && !details.proration_details?.credited_items && isFor(item, line)
}

function isFor(
  item: SubscriptionItem,
  { amount, period, pricing, quantity }: Pick<InvoiceLine, 'amount' | 'period' | 'pricing' | 'quantity'>,
): boolean {
  return (
    amount >= 0 &&
    pricing?.price_details?.price === item.price.id &&
    (quantity ?? 1) === (item.quantity ?? 1) &&
    period.end === item.current_period_end
  )
}
