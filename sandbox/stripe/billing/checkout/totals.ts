import type { CheckoutSession, LineItem, List } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { listOf } from '../../objects/list.ts'
import { newInvoiceLine } from '../../objects/invoice.ts'
import type { CheckoutOrder } from '../../core/rows.ts'
import { inCurrency } from '../invoices/currency-options.ts'
import { resolveDiscount } from '../invoices/discounts.ts'
import { automaticTax } from '../invoices/automatic-tax.ts'
import { addUp } from '../invoices/totals.ts'
import type { AppliedDiscount, Totals } from '../invoices/totals.ts'

/** The totals of an order, line by line, with discounts and tax as on the later invoice. */
export function checkoutTotals(
  world: World,
  session: CheckoutSession,
  order: CheckoutOrder,
): Totals & { items: LineItem[] } {
  const trial = hasTrial(world, session, order)
  const lines = order.items.map((item) => {
    const price = inCurrency(world, world.tables.prices.get(item.price)!, session.currency)
    return newInvoiceLine({
      invoice: null,
      amount: trial && price.recurring ? 0 : (price.unit_amount ?? 0) * item.quantity,
      currency: price.currency,
      description: world.tables.products.get(price.product)?.name ?? null,
      period: { start: session.created, end: session.created },
      price,
      quantity: item.quantity,
      subscription: null,
      parent: null,
    })
  })
  const address =
    session.customer_details?.address ??
    (session.customer ? world.tables.customers.get(session.customer)?.address : null)
  const discounts = order.discounts.map((request, index): AppliedDiscount => {
    const { coupon } = resolveDiscount(world, request, session.customer)
    return {
      coupon,
      discount: {
        id: `di_session_${index}`,
        source: { coupon: coupon.id, type: 'coupon' },
      } as AppliedDiscount['discount'],
    }
  })
  const totals = addUp(lines, discounts, session.automatic_tax.enabled ? automaticTax(world, address) : null)
  const items = totals.lines.map((line, index) => lineItem(world, order.items[index]!, line))
  return { ...totals, items }
}

function lineItem(world: World, item: CheckoutOrder['items'][number], line: Totals['lines'][number]): LineItem {
  const discount = (line.discount_amounts ?? []).reduce((sum, { amount }) => sum + amount, 0)
  const tax = (line.taxes ?? []).reduce((sum, { amount }) => sum + amount, 0)
  const added = (line.taxes ?? [])
    .filter(({ tax_behavior }) => tax_behavior === 'exclusive')
    .reduce((sum, { amount }) => sum + amount, 0)
  return {
    id: item.id,
    object: 'item',
    adjustable_quantity: item.adjustable && { enabled: true, ...item.adjustable },
    amount_discount: discount,
    amount_subtotal: line.amount,
    amount_tax: tax,
    amount_total: line.amount - discount + added,
    currency: line.currency,
    description: line.description,
    metadata: item.metadata,
    price: world.tables.prices.get(item.price)!,
    quantity: item.quantity,
  }
}

export function hasTrial(world: World, session: CheckoutSession, { subscriptionData }: CheckoutOrder): boolean {
  return (
    session.mode === 'subscription' &&
    ((subscriptionData.trialDays ?? 0) > 0 || (subscriptionData.trialEnd ?? 0) > world.now(session.customer))
  )
}

/** The session with the totals of its order. */
export function withTotals(world: World, session: CheckoutSession, order: CheckoutOrder): CheckoutSession {
  if (session.mode === 'setup') return session
  const totals = checkoutTotals(world, session, order)
  return {
    ...session,
    amount_subtotal: totals.subtotal,
    amount_total: totals.total,
    total_details: { amount_discount: totals.discount, amount_shipping: 0, amount_tax: totals.tax },
  }
}

/** All line items of a session. */
export function lineItemsOf(world: World, session: CheckoutSession): List<LineItem> {
  const order = world.tables.checkoutOrders.get(session.id)
  return listOf(
    order ? checkoutTotals(world, session, order).items : [],
    `/v1/checkout/sessions/${session.id}/line_items`,
  )
}
