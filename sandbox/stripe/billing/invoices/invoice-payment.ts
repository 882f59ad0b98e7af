import { emit } from '../../core/events.ts'
import type { Invoice, InvoicePayment, PaymentIntent } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newInvoicePayment } from '../../objects/invoice.ts'
import { newPaymentIntent } from '../../objects/payment.ts'
import { cancelIntent } from '../payments/payment-intent.ts'

/** The default payment (and intent) of an invoice, or the payment of a given intent. */
export function paymentOf(world: World, invoice: Invoice, intent?: string): InvoicePayment | undefined {
  let attached: InvoicePayment | undefined
  for (const payment of world.tables.invoicePayments.newestFirst()) {
    if (payment.invoice !== invoice.id || payment.status === 'canceled') continue
    if (intent ? payment.payment.payment_intent === intent : payment.is_default) return payment
    attached ??= payment
  }
  return intent ? undefined : attached
}

/** The open invoice that a payment intent is for. */
export function invoiceOf(world: World, intent: PaymentIntent): Invoice | undefined {
  for (const payment of world.tables.invoicePayments.newestFirst())
    if (payment.payment.payment_intent === intent.id) return world.tables.invoices.get(payment.invoice)
  return undefined
}

/** Creates a payment intent for the amount due, and the invoice payment that links it. */
export function createIntent(world: World, invoice: Invoice): void {
  const { tables } = world
  const intent = tables.paymentIntents.insert(
    newPaymentIntent(world.now(invoice.customer), {
      amount: invoice.amount_due,
      currency: invoice.currency,
      customer: invoice.customer,
      description: DESCRIPTIONS[invoice.billing_reason ?? ''] ?? `Payment for Invoice ${invoice.number}`,
      setup_future_usage: invoice.billing_reason === 'subscription_create' ? 'off_session' : null,
    }),
  )
  tables.invoicePayments.insert(
    newInvoicePayment(intent.created, {
      invoice: invoice.id,
      currency: invoice.currency,
      amount: invoice.amount_due,
      intent: intent.id,
    }),
  )
  emit(world, 'payment_intent.created', intent)
}

const DESCRIPTIONS: Record<string, string> = {
  subscription_create: 'Subscription creation',
  subscription_cycle: 'Subscription update',
  subscription_update: 'Subscription update',
}

export function payPayment(world: World, { id }: InvoicePayment, amount: number, now: number): void {
  const status_transitions = { canceled_at: null, paid_at: now }
  const paid = world.tables.invoicePayments.update(id, { amount_paid: amount, status: 'paid', status_transitions })
  emit(world, 'invoice_payment.paid', paid)
}

/** Sets the default payment to the remaining amount. */
export function askForRest(world: World, invoice: Invoice): void {
  const payment = paymentOf(world, invoice)
  if (!payment || payment.status !== 'open') return
  const { amount_remaining: amount } = invoice
  world.tables.invoicePayments.update(payment.id, { amount_requested: amount })
  world.tables.paymentIntents.update(payment.payment.payment_intent!, { amount })
}

export function cancelPayment(world: World, invoice: Invoice): void {
  const payment = paymentOf(world, invoice)
  if (!payment || payment.status !== 'open') return
  cancelIntent(world, world.tables.paymentIntents.get(payment.payment.payment_intent!)!, 'void_invoice')
  world.tables.invoicePayments.update(payment.id, {
    status: 'canceled',
    status_transitions: { canceled_at: world.now(invoice.customer), paid_at: null },
  })
}
