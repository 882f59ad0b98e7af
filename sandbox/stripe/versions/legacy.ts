import type {
  Charge,
  Invoice,
  InvoiceLine,
  InvoiceItem,
  PaymentIntent,
  Price,
  Subscription,
  SubscriptionItem,
} from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { planOf } from '../objects/catalog.ts'
import { invoiceOf, paymentOf } from '../billing/invoices/invoice-payment.ts'

/** From this version on objects have the stored shape; before it, an older one. */
const BASIL = '2025-03-31'

type Hash = Record<string, unknown>

/**
 * A response or event data in the shape of an older version: the invoice names its subscription, charge and
 * payment intent, a line its price, a subscription its period. Objects are converted at any depth.
 */
export function inVersion(world: World, value: unknown, version: string): unknown {
  return version.slice(0, 10) >= BASIL ? value : older(world, value)
}

function older(world: World, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => older(world, item))
  if (typeof value !== 'object' || value === null) return value
  const hash = value as Hash
  const turned =
    typeof hash.object === 'string' && TURNS[hash.object] ? TURNS[hash.object]!(world, hash as never) : hash
  return Object.fromEntries(Object.entries(turned).map(([key, inner]) => [key, older(world, inner)]))
}

const TURNS: Record<string, (world: World, object: never) => Hash> = {
  invoice(world, invoice: Invoice) {
    const {
      parent,
      total_taxes,
      confirmation_secret: _secret,
      payments: _payments,
      amount_overpaid: _overpaid,
      ...rest
    } = invoice
    const intent = world.tables.paymentIntents.get(paymentOf(world, invoice)?.payment.payment_intent ?? '')
    const details = parent?.subscription_details
    return {
      ...rest,
      application_fee_amount: null,
      charge: intent?.latest_charge ?? null,
      discount: null,
      paid: invoice.status === 'paid',
      paid_out_of_band: false,
      payment_intent: intent?.id ?? null,
      quote: null,
      subscription: details?.subscription ?? null,
      subscription_details: { metadata: details?.metadata ?? null },
      subscription_proration_date: details?.subscription_proration_date,
      tax: total_taxes && total_taxes.length > 0 ? total_taxes.reduce((sum, { amount }) => sum + amount, 0) : null,
      total_tax_amounts: total_taxes ?? [],
      transfer_data: null,
    }
  },

  line_item(world, line: InvoiceLine) {
    const { parent, pricing, taxes, ...rest } = line
    const price = priceOf(world, pricing)
    const details = parent?.subscription_item_details ?? parent?.invoice_item_details
    return {
      ...rest,
      amount_excluding_tax: line.amount,
      invoice_item: details?.invoice_item ?? undefined,
      plan: price?.recurring ? planOf(price) : null,
      price,
      proration: details?.proration ?? false,
      proration_details: details?.proration_details ?? { credited_items: null },
      subscription: details?.subscription ?? null,
      subscription_item: parent?.subscription_item_details?.subscription_item,
      tax_amounts: (taxes ?? []).map(({ tax_behavior, tax_rate_details, ...tax }) => ({
        ...tax,
        inclusive: tax_behavior === 'inclusive',
        tax_rate: tax_rate_details?.tax_rate ?? null,
      })),
      tax_rates: [],
      type: parent?.type === 'subscription_item_details' && !details?.proration ? 'subscription' : 'invoiceitem',
      unit_amount_excluding_tax: pricing?.unit_amount_decimal ?? null,
    }
  },

  invoiceitem(world, item: InvoiceItem) {
    const { parent, pricing, ...rest } = item
    const price = priceOf(world, pricing)
    return {
      ...rest,
      plan: price?.recurring ? planOf(price) : null,
      price,
      subscription: parent?.subscription_details?.subscription ?? null,
      subscription_item: parent?.subscription_details?.subscription_item,
      unit_amount: price?.unit_amount ?? item.amount,
      unit_amount_decimal: pricing?.unit_amount_decimal ?? String(item.amount),
    }
  },

  subscription(_world, subscription: Subscription) {
    const items = subscription.items.data
    const [only] = items
    return {
      ...subscription,
      current_period_end: Math.min(...items.map((item) => item.current_period_end)),
      current_period_start: Math.min(...items.map((item) => item.current_period_start)),
      discount: null,
      plan: items.length === 1 ? only!.plan : null,
      quantity: items.length === 1 ? (only!.quantity ?? null) : null,
    }
  },

  subscription_item(_world, item: SubscriptionItem) {
    const { current_period_end: _end, current_period_start: _start, ...rest } = item
    return rest
  },

  charge(world, charge: Charge) {
    const intent = world.tables.paymentIntents.get(charge.payment_intent ?? '')
    return { ...charge, invoice: (intent && invoiceOf(world, intent)?.id) ?? null }
  },

  payment_intent(world, intent: PaymentIntent) {
    return { ...intent, invoice: invoiceOf(world, intent)?.id ?? null }
  },
}

function priceOf(world: World, pricing: { price_details?: { price: string } } | null | undefined): Price | null {
  return world.tables.prices.get(pricing?.price_details?.price ?? '') ?? null
}
