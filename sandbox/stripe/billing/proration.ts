import { emit } from '../core/events.ts'
import type { Seconds } from '../core/clock.ts'
import type { InvoiceItem, Subscription, SubscriptionItem } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { newInvoiceItem } from '../objects/invoice.ts'
import { inCurrency } from './currencies.ts'
import { applied, paidShare } from './discounts.ts'

/** What an item was and what it becomes; one side is missing when it is added or removed. */
export interface ItemTransition {
  before: SubscriptionItem | null
  after: SubscriptionItem | null
}

/**
 * The invoice items of a change in mid-period, reckoned to the second: the unused time of the old price comes back,
 * the remaining time of the new one is charged. A percentage coupon is already inside both.
 */
export function prorate(
  world: World,
  subscription: Subscription,
  transitions: ItemTransition[],
  moment: Seconds,
  { charge = true } = {},
): InvoiceItem[] {
  const share = paidShare(applied(world, subscription.discounts, moment))
  return transitions.flatMap(({ before, after }) => {
    if (before && after && before.price.id === after.price.id && before.quantity === after.quantity)
      return charge ? [] : [item(world, subscription, before, -share, moment)]
    const credit = before ? [item(world, subscription, before, -share, moment)] : []
    const debit = after && charge ? [item(world, subscription, after, share, moment, before)] : []
    return [...credit, ...debit]
  })
}

function item(
  world: World,
  subscription: Subscription,
  of: SubscriptionItem,
  factor: number,
  moment: Seconds,
  period: SubscriptionItem | null = null,
): InvoiceItem {
  const { current_period_start: start, current_period_end: end } = period ?? of
  const price = inCurrency(world, of.price, subscription.currency)
  const quantity = of.quantity ?? 1
  const left = Math.max(0, end - moment) / (end - start)
  const amount = Math.sign(factor) * Math.round(Math.abs((price.unit_amount ?? 0) * quantity * factor) * left)
  const product = world.tables.products.get(of.price.product)?.name ?? 'Subscription'
  const what = quantity > 1 ? `${quantity} × ${product}` : product
  const row = world.tables.invoiceItems.insert(
    newInvoiceItem(moment, {
      customer: subscription.customer,
      amount,
      currency: price.currency,
      description: `${factor < 0 ? 'Unused' : 'Remaining'} time on ${what} after ${day(moment)}`,
      discountable: false,
      parent: {
        subscription_details: { subscription: subscription.id, subscription_item: of.id },
        type: 'subscription_details',
      },
      period: { start: moment, end },
      pricing: {
        price_details: { price: of.price.id, product: of.price.product },
        type: 'price_details',
        unit_amount_decimal: price.unit_amount_decimal,
      },
      proration: true,
      quantity,
      test_clock: subscription.test_clock,
    }),
  )
  emit(world, 'invoiceitem.created', row)
  return row
}

function day(moment: Seconds): string {
  return new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    moment * 1000,
  )
}
