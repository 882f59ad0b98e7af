import { emit } from '../../core/events.ts'
import type { Seconds } from '../../core/clock.ts'
import type { InvoiceItem, Subscription, SubscriptionItem } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newInvoiceItem } from '../../objects/invoice.ts'
import { isFlexible, isItemized } from './billing-mode.ts'
import { inCurrency } from '../invoices/currency-options.ts'
import { applied, percentagesOff } from '../invoices/discounts.ts'
import { originalDebit } from './original-debit.ts'
import type { Debit } from './original-debit.ts'
import type { DiscountAmount } from '../invoices/totals.ts'

/** An item before and after a change; one side is missing when it is added or removed. */
export interface ItemTransition {
  before: SubscriptionItem | null
  after: SubscriptionItem | null
}

interface Context {
  world: World
  subscription: Subscription
  moment: Seconds
}

/** An amount before discounts, and the discounts; both are negative for a credit. */
interface Sum {
  amount: number
  discounts: DiscountAmount[]
}

/**
 * The invoice items of a change in mid-period, prorated to the second: the unused time of the old price is credited, the
 * remaining time of the new price is charged. Percentage coupons are part of the amounts, or separate if the
 * subscription itemizes them. The free time of a trial is not credited.
 */
export function prorate(
  world: World,
  subscription: Subscription,
  transitions: ItemTransition[],
  moment: Seconds,
  { charge = true } = {},
): InvoiceItem[] {
  if (subscription.status === 'trialing') return []
  const context = { world, subscription, moment }
  return transitions.flatMap(({ before, after }) => {
    if (before && after && before.price.id === after.price.id && before.quantity === after.quantity)
      return charge ? [] : [credit(context, before)]
    const back = before ? [credit(context, before)] : []
    return [...back, ...(after && charge ? [debit(context, after, before ?? after)] : [])]
  })
}

function credit(context: Context, of: SubscriptionItem): InvoiceItem {
  const { world, subscription, moment } = context
  const original = originalDebit(world, subscription, of)
  const sum = original && isFlexible(subscription) ? shareLeft(original, moment) : atPrice(context, of, of)
  return insert(context, of, { ...negative(sum), what: 'Unused', end: of.current_period_end, original })
}

function debit(context: Context, of: SubscriptionItem, period: SubscriptionItem): InvoiceItem {
  const sum = atPrice(context, of, period)
  return insert(context, of, { ...sum, what: 'Remaining', end: period.current_period_end, original: null })
}

/** The cost of the rest of a period at today's price and percentages. */
function atPrice({ world, subscription, moment }: Context, of: SubscriptionItem, period: SubscriptionItem): Sum {
  const { current_period_start: start, current_period_end: end } = period
  const { unit_amount } = inCurrency(world, of.price, subscription.currency)
  const exact = ((unit_amount ?? 0) * (of.quantity ?? 1) * Math.max(0, end - moment)) / (end - start)
  const discounts = percentagesOff(applied(world, subscription.discounts, moment), of.price.product, exact)
  const off = discounts.reduce((sum, { amount }) => sum + amount, 0)
  // The net amount is the same to the cent with and without itemizing.
  const amount = Math.round(exact)
  return { amount, discounts: rounded(discounts, amount - Math.round(exact - off)) }
}

/** The part of a debit for its unused time. */
function shareLeft({ amount, discounts, period: { start, end } }: Debit, moment: Seconds): Sum {
  const share = Math.min(1, Math.max(0, end - moment) / (end - start))
  return {
    amount: Math.round(amount * share),
    discounts: discounts.map((off) => ({ ...off, amount: Math.round(off.amount * share) })),
  }
}

/** Whole amounts that add up to the given total. */
function rounded(discounts: DiscountAmount[], sum: number): DiscountAmount[] {
  let left = sum
  return discounts.map((off, index) => {
    const amount = index === discounts.length - 1 ? left : Math.round(off.amount)
    left -= amount
    return { ...off, amount }
  })
}

const negative = ({ amount, discounts }: Sum): Sum => ({
  amount: 0 - amount,
  discounts: discounts.map((off) => ({ ...off, amount: 0 - off.amount })),
})

function insert(
  { world, subscription, moment }: Context,
  of: SubscriptionItem,
  { amount, discounts, what, end, original }: Sum & { what: string; end: Seconds; original: Debit | null },
): InvoiceItem {
  const price = inCurrency(world, of.price, subscription.currency)
  const quantity = of.quantity ?? 1
  const product = world.tables.products.get(of.price.product)?.name ?? 'Subscription'
  const net = discounts.reduce((sum, off) => sum - off.amount, amount)
  const row = world.tables.invoiceItems.insert(
    newInvoiceItem(moment, {
      customer: subscription.customer,
      amount: isItemized(subscription) ? amount : net,
      net_amount: net,
      currency: price.currency,
      description: `${what} time on ${quantity > 1 ? `${quantity} × ${product}` : product} after ${day(moment)}`,
      discountable: false,
      discounts: discounts.map(({ discount }) => discount),
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
      proration_details: {
        credited_items: original && credited(original),
        discount_amounts: isFlexible(subscription) ? discounts : [],
      },
      quantity,
      test_clock: subscription.test_clock,
    }),
  )
  emit(world, 'invoiceitem.created', row)
  return row
}

function credited({ place }: Debit): NonNullable<InvoiceItem['proration_details']>['credited_items'] {
  const { type, id } = place
  return type === 'invoice_item'
    ? { type, invoice_item: id }
    : { type, invoice_line_item_details: { invoice: place.invoice, invoice_line_items: [id] } }
}

function day(moment: Seconds): string {
  return new Intl.DateTimeFormat('en-GB', { day: '2-digit', month: 'short', year: 'numeric', timeZone: 'UTC' }).format(
    moment * 1000,
  )
}
