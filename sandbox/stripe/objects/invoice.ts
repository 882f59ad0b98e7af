import { newId } from '../core/ids.ts'
import type { Customer, Invoice, InvoiceItem, InvoiceLine, InvoicePayment, Price } from '../core/shapes.ts'
import { listOf } from './list.ts'

export function newInvoice(
  created: number,
  customer: Customer,
  given: Partial<Invoice> & { currency: string },
): Invoice {
  const id = given.id ?? newId('in')
  return {
    id,
    object: 'invoice',
    account_country: 'US',
    account_name: null,
    account_tax_ids: null,
    amount_due: 0,
    amount_overpaid: 0,
    amount_paid: 0,
    amount_remaining: 0,
    amount_shipping: 0,
    application: null,
    attempt_count: 0,
    attempted: false,
    auto_advance: false,
    automatic_tax: { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: null,
    billing_reason: 'manual',
    collection_method: 'charge_automatically',
    created,
    custom_fields: null,
    customer: customer.id,
    customer_account: null,
    customer_address: customer.address ?? null,
    customer_email: customer.email,
    customer_name: customer.name ?? null,
    customer_phone: customer.phone ?? null,
    customer_shipping: customer.shipping,
    customer_tax_exempt: customer.tax_exempt ?? 'none',
    customer_tax_ids: [],
    default_payment_method: null,
    default_source: null,
    default_tax_rates: [],
    description: null,
    discounts: [],
    due_date: null,
    effective_at: null,
    ending_balance: null,
    footer: null,
    from_invoice: null,
    hosted_invoice_url: null,
    invoice_pdf: null,
    issuer: { type: 'self' },
    last_finalization_error: null,
    latest_revision: null,
    lines: listOf([], `/v1/invoices/${id}/lines`),
    livemode: false,
    metadata: {},
    next_payment_attempt: null,
    number: null,
    on_behalf_of: null,
    parent: null,
    payment_settings: { default_mandate: null, payment_method_options: null, payment_method_types: null },
    period_end: created,
    period_start: created,
    post_payment_credit_notes_amount: 0,
    pre_payment_credit_notes_amount: 0,
    receipt_number: null,
    rendering: null,
    shipping_cost: null,
    shipping_details: null,
    starting_balance: 0,
    statement_descriptor: null,
    status: 'draft',
    status_transitions: { finalized_at: null, marked_uncollectible_at: null, paid_at: null, voided_at: null },
    subtotal: 0,
    subtotal_excluding_tax: 0,
    test_clock: customer.test_clock ?? null,
    total: 0,
    total_discount_amounts: [],
    total_excluding_tax: 0,
    total_pretax_credit_amounts: [],
    total_taxes: [],
    webhooks_delivered_at: null,
    ...given,
  }
}

export function newInvoiceLine(given: {
  invoice: string | null
  amount: number
  currency: string
  description: string | null
  period: { start: number; end: number }
  price: Price | null
  quantity: number
  parent: InvoiceLine['parent']
  subscription: string | null
  discountable?: boolean
  discountAmounts?: { amount: number; discount: string }[]
  metadata?: Record<string, string>
}): InvoiceLine {
  const { discountAmounts = [] } = given
  return {
    id: newId('il'),
    object: 'line_item',
    amount: given.amount,
    currency: given.currency,
    description: given.description,
    discount_amounts: discountAmounts,
    discountable: given.discountable ?? true,
    discounts: discountAmounts.map(({ discount }) => discount),
    invoice: given.invoice,
    livemode: false,
    metadata: given.metadata ?? {},
    parent: given.parent,
    period: given.period,
    pretax_credit_amounts: discountAmounts
      .filter(({ amount }) => amount !== 0)
      .map((off) => ({ ...off, type: 'discount' })),
    pricing: given.price && {
      price_details: { price: given.price.id, product: given.price.product },
      type: 'price_details',
      unit_amount_decimal: given.price.unit_amount_decimal,
    },
    quantity: given.quantity,
    quantity_decimal: String(given.quantity),
    subscription: given.subscription,
    subtotal: given.amount,
    taxes: [],
  }
}

export function newInvoiceItem(
  date: number,
  given: Partial<InvoiceItem> & { customer: string; amount: number; currency: string },
): InvoiceItem {
  return {
    id: newId('ii'),
    object: 'invoiceitem',
    customer_account: null,
    date,
    description: null,
    discountable: true,
    discounts: [],
    invoice: null,
    livemode: false,
    metadata: {},
    net_amount: given.amount,
    parent: null,
    period: { end: date, start: date },
    pricing: null,
    proration: false,
    quantity: 1,
    quantity_decimal: '1',
    tax_rates: [],
    test_clock: null,
    ...given,
  }
}

export function newInvoicePayment(
  created: number,
  given: { invoice: string; currency: string; amount: number; intent: string; isDefault?: boolean },
): InvoicePayment {
  return {
    id: newId('inpay'),
    object: 'invoice_payment',
    amount_paid: null,
    amount_requested: given.amount,
    created,
    currency: given.currency,
    invoice: given.invoice,
    is_default: given.isDefault ?? true,
    livemode: false,
    payment: { payment_intent: given.intent, type: 'payment_intent' },
    status: 'open',
    status_transitions: { canceled_at: null, paid_at: null },
  }
}
