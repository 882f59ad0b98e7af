import { emit } from '../../core/events.ts'
import type { Customer, InvoiceItem, InvoiceLine, Subscription, SubscriptionItem } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { rate } from '../../core/money.ts'
import { inCurrency } from './currency-options.ts'
import { newInvoiceItem, newInvoiceLine } from '../../objects/invoice.ts'

/** The lines of one period: each item at its price, or nothing while a trial runs. */
export function periodLines(
  world: World,
  subscription: Subscription,
  items: SubscriptionItem[],
  { trial = false } = {},
): InvoiceLine[] {
  return items.map((item) => {
    const price = inCurrency(world, item.price, subscription.currency)
    const quantity = item.quantity ?? 1
    const product = world.tables.products.get(item.price.product)?.name ?? 'Subscription'
    return newInvoiceLine({
      invoice: null,
      amount: trial ? 0 : (price.unit_amount ?? 0) * quantity,
      currency: price.currency,
      description: trial
        ? quantity > 1
          ? `Trial period for ${quantity} × ${product}`
          : `Trial period for ${product}`
        : `${quantity} × ${product} (at ${rate(price)})`,
      period: { start: item.current_period_start, end: item.current_period_end },
      price,
      quantity,
      subscription: subscription.id,
      metadata: subscription.metadata,
      parent: {
        invoice_item_details: null,
        subscription_item_details: {
          invoice_item: null,
          proration: false,
          proration_details: { credited_items: null },
          subscription: subscription.id,
          subscription_item: item.id,
        },
        type: 'subscription_item_details',
      },
    })
  })
}

/** The invoice line that an invoice item becomes. Prorations name the subscription item they came from. */
export function lineOf(world: World, item: InvoiceItem): InvoiceLine {
  const details = item.parent?.subscription_details
  const common = {
    invoice_item: item.id,
    proration: item.proration,
    proration_details: { credited_items: item.proration_details?.credited_items?.invoice_line_item_details ?? null },
  }
  return newInvoiceLine({
    invoice: item.invoice,
    amount: item.amount,
    currency: item.currency,
    description: item.description,
    period: item.period,
    price: item.pricing?.price_details ? (world.tables.prices.get(item.pricing.price_details.price) ?? null) : null,
    quantity: item.quantity,
    discountable: item.discountable,
    discountAmounts: discountsShown(item),
    subscription: details?.subscription ?? null,
    metadata: item.metadata ?? {},
    parent: details?.subscription_item
      ? {
          invoice_item_details: null,
          subscription_item_details: {
            ...common,
            subscription: details.subscription,
            subscription_item: details.subscription_item,
          },
          type: 'subscription_item_details',
        }
      : {
          invoice_item_details: { ...common, subscription: details?.subscription ?? null },
          subscription_item_details: null,
          type: 'invoice_item_details',
        },
  })
}

/** The discounts of a proration: their amounts if the proration is gross, and 0 if it is net. */
function discountsShown({ amount, net_amount: net = amount, discounts, proration_details: details }: InvoiceItem) {
  if (net !== amount) return details?.discount_amounts ?? []
  return (discounts ?? []).map((discount) => ({ amount: 0, discount }))
}

/** Takes the pending invoice items of this subscription (or this customer). */
export function takePendingItems(
  world: World,
  customer: string,
  subscription: string | null,
  invoice: string,
): InvoiceLine[] {
  const waiting = world.tables.invoiceItems.filter(
    (item) =>
      item.invoice === null &&
      item.customer === customer &&
      (item.parent?.subscription_details?.subscription ?? null) === subscription,
  )
  return waiting.reverse().map((item) => lineOf(world, world.tables.invoiceItems.update(item.id, { invoice })))
}

/** Adds a one-time purchase to the customer's next invoice. */
export function addOneTime(
  world: World,
  customer: Customer,
  { price: id, quantity }: { price: string; quantity: number },
): void {
  const price = world.tables.prices.get(id)!
  const now = world.now(customer.id)
  const item = world.tables.invoiceItems.insert(
    newInvoiceItem(now, {
      customer: customer.id,
      amount: (price.unit_amount ?? 0) * quantity,
      currency: price.currency,
      description: world.tables.products.get(price.product)?.name ?? null,
      pricing: {
        price_details: { price: price.id, product: price.product },
        type: 'price_details',
        unit_amount_decimal: price.unit_amount_decimal,
      },
      quantity,
      quantity_decimal: String(quantity),
      test_clock: customer.test_clock ?? null,
    }),
  )
  emit(world, 'invoiceitem.created', item)
}
