import { invalidRequest } from '../../core/errors.ts'
import { DAY } from '../../core/clock.ts'
import { emit } from '../../core/events.ts'
import { randomText } from '../../core/ids.ts'
import type { Customer, Invoice, InvoiceLine, PaymentIntent, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { listOf } from '../../objects/list.ts'
import { newInvoice } from '../../objects/invoice.ts'
import { askForRest, cancelPayment, createIntent, payPayment, paymentOf } from './invoice-payment.ts'
import { applyBalance, setCurrency } from '../customers/customer-balance.ts'
import { applied, spendOnce } from './discounts.ts'
import { cancelIntent } from '../payments/payment-intent.ts'
import { automaticTax } from './automatic-tax.ts'
import { taxIdsOf } from '../customers/tax-id.ts'
import { addUp } from './totals.ts'

/**
 * The invoice's state machine:
 *
 *     draft → (finalize) → open → (money) → paid
 *                               → (void) → void
 *                               → (mark uncollectible) → uncollectible → paid | void
 */
export interface DraftRequest {
  customer: Customer
  subscription?: Subscription
  lines: InvoiceLine[]
  reason: Invoice['billing_reason']
  currency: string
  period?: { start: number; end: number }
  discounts?: string[]
  automaticTax?: boolean
  /** Renewal invoices stay a draft for an hour; other invoices are finalized by their creator. */
  finalizesAt?: number | null
  prorationDate?: number
  given?: Partial<Invoice>
}

export function createDraft(world: World, request: DraftRequest): Invoice {
  const { customer, subscription } = request
  const now = world.now(customer.id)
  const taxed = request.automaticTax ?? subscription?.automatic_tax.enabled ?? false
  const draft = newInvoice(now, customer, {
    account_name: `${world.accountName} (sandbox)`,
    currency: request.currency,
    auto_advance: true,
    automatic_tax: taxed
      ? {
          disabled_reason: null,
          enabled: true,
          liability: { type: 'self' },
          provider: 'stripe',
          status: customer.address?.country ? 'complete' : 'requires_location_inputs',
        }
      : { disabled_reason: null, enabled: false, liability: null, provider: null, status: null },
    automatically_finalizes_at: request.finalizesAt ?? null,
    billing_reason: request.reason,
    customer_tax_ids: taxIdsOf(world, customer.id).map(({ type, value }) => ({ type, value })),
    collection_method: subscription?.collection_method ?? 'charge_automatically',
    default_payment_method: null,
    discounts: request.discounts ?? subscription?.discounts ?? [],
    parent: subscription
      ? {
          quote_details: null,
          subscription_details: {
            metadata: subscription.metadata,
            subscription: subscription.id,
            ...(request.prorationDate !== undefined && { subscription_proration_date: request.prorationDate }),
          },
          type: 'subscription_details',
        }
      : null,
    period_start: request.period?.start ?? now,
    period_end: request.period?.end ?? now,
    ...request.given,
  })
  const invoice = world.tables.invoices.insert(
    recount(world, { ...draft, lines: listOf(request.lines, draft.lines.url) }),
  )
  if (subscription) spendOnce(world, subscription, invoice)
  setCurrency(world, customer.id, request.currency)
  emit(world, 'invoice.created', invoice)
  return invoice
}

/** The invoice with its totals recalculated from its lines. */
export function recount(world: World, invoice: Invoice): Invoice {
  const customer = world.tables.customers.get(invoice.customer!)
  const tax = invoice.automatic_tax.enabled ? automaticTax(world, customer?.address) : null
  const plain = invoice.lines.data.map((line) => ({
    ...line,
    invoice: invoice.id,
    // The discounts of a proration were computed when it was created.
    ...(line.discountable && { discounts: [], discount_amounts: [], pretax_credit_amounts: [] }),
    taxes: [],
  }))
  const totals = addUp(plain, applied(world, invoice.discounts, invoice.created), tax)
  const due = Math.max(0, totals.total)
  return {
    ...invoice,
    lines: { ...invoice.lines, data: totals.lines },
    subtotal: totals.subtotal,
    subtotal_excluding_tax: totals.subtotal - (totals.tax - totals.addedTax),
    total: totals.total,
    total_excluding_tax: totals.total - totals.tax,
    total_discount_amounts: totals.discounts,
    total_pretax_credit_amounts: totals.discounts.map(({ amount, discount }) => ({
      amount,
      discount,
      type: 'discount',
    })),
    total_taxes: totals.lines.flatMap((line) => line.taxes ?? []),
    amount_due: due,
    amount_remaining: due,
    starting_balance: customer?.balance ?? 0,
  }
}

/** Numbers the invoice and applies the balance; the amount due gets a payment intent. */
export function finalize(world: World, before: Invoice): Invoice {
  if (before.status !== 'draft')
    throw invalidRequest("This invoice is already finalized, you can't re-finalize a non-draft invoice.")
  const { tables } = world
  const customer = tables.customers.get(before.customer!)!
  const now = world.now(customer.id)
  const counted = recount(world, before)
  const balance = applyBalance(world, counted)
  const sequence = customer.next_invoice_sequence ?? 1
  tables.customers.update(customer.id, { next_invoice_sequence: sequence + 1 })
  const key = `acct_1Sandbox/test_${randomText(48)}`
  const open = tables.invoices.update(before.id, {
    ...counted,
    status: 'open',
    amount_due: balance.due,
    amount_remaining: balance.due,
    ending_balance: balance.ending,
    starting_balance: balance.starting,
    automatically_finalizes_at: null,
    due_date: before.collection_method === 'send_invoice' ? (before.due_date ?? now + 30 * DAY) : null,
    effective_at: now,
    hosted_invoice_url: `${world.baseUrl}/i/${key}`,
    invoice_pdf: `${world.baseUrl}/pdf/${key}/pdf`,
    number: `${customer.invoice_prefix}-${String(sequence).padStart(4, '0')}`,
    status_transitions: { ...before.status_transitions, finalized_at: now },
  })
  emit(world, 'invoice.finalized', open)
  if (balance.due === 0) return markPaid(world, open)
  createIntent(world, open)
  return open
}

/** Marks an invoice as paid: by card, from the balance, out of band, or because nothing was due. */
export function markPaid(
  world: World,
  before: Invoice,
  { outOfBand = false, intent }: { outOfBand?: boolean; intent?: string } = {},
): Invoice {
  const now = world.now(before.customer)
  const payment = paymentOf(world, before, intent)
  const asked = paymentOf(world, before)
  if (asked && outOfBand)
    cancelIntent(world, world.tables.paymentIntents.get(asked.payment.payment_intent!)!, 'void_invoice')
  // Others have paid all that it was asked for.
  else if (asked && asked !== payment) cancelPayment(world, before)
  const invoice = world.tables.invoices.update(before.id, {
    status: 'paid',
    amount_paid: before.amount_due,
    amount_remaining: 0,
    attempted: true,
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...before.status_transitions, paid_at: now },
  })
  emit(world, 'invoice.updated', invoice, before)
  emit(world, 'invoice.paid', invoice)
  emit(world, 'invoice.payment_succeeded', invoice)
  if (payment && !outOfBand) payPayment(world, payment, before.amount_remaining, now)
  return invoice
}

/** Records a partial payment; the default payment covers the rest. */
export function markPartPaid(world: World, before: Invoice, { id, amount }: PaymentIntent): Invoice {
  const invoice = world.tables.invoices.update(before.id, {
    amount_paid: before.amount_paid + amount,
    amount_remaining: before.amount_remaining - amount,
  })
  askForRest(world, invoice)
  emit(world, 'invoice.updated', invoice, before)
  payPayment(world, paymentOf(world, before, id)!, amount, world.now(before.customer))
  return invoice
}

export function voidInvoice(world: World, before: Invoice): Invoice {
  if (before.status !== 'open' && before.status !== 'uncollectible')
    throw invalidRequest(`You can only pass in open or uncollectible invoices. This invoice is ${before.status}.`)
  const now = world.now(before.customer)
  cancelPayment(world, before)
  const invoice = world.tables.invoices.update(before.id, {
    status: 'void',
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...before.status_transitions, voided_at: now },
  })
  emit(world, 'invoice.updated', invoice, before)
  emit(world, 'invoice.voided', invoice)
  return invoice
}

export function markUncollectible(world: World, before: Invoice): Invoice {
  if (before.status !== 'open')
    throw invalidRequest(`You can only mark open invoices as uncollectible. This invoice is ${before.status}.`)
  const invoice = world.tables.invoices.update(before.id, {
    status: 'uncollectible',
    auto_advance: false,
    next_payment_attempt: null,
    status_transitions: { ...before.status_transitions, marked_uncollectible_at: world.now(before.customer) },
  })
  emit(world, 'invoice.updated', invoice, before)
  emit(world, 'invoice.marked_uncollectible', invoice)
  return invoice
}
