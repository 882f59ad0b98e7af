import { invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import type { Invoice, PaymentIntent, PaymentMethod } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newInvoicePayment } from '../../objects/invoice.ts'
import { newPaymentIntent } from '../../objects/payment.ts'
import { receive, settle } from './collect.ts'
import type { Collection } from './collect.ts'
import { confirm } from '../payments/payment-intent.ts'
import { invoiceOf } from '../invoices/invoice-payment.ts'

/**
 * Adds a payment to an open invoice beside its default one. A succeeded payment intent counts at once; any other counts
 * when it succeeds.
 * @see https://docs.stripe.com/api/invoices/attach_payment
 */
export function attachPayment(world: World, invoice: Invoice, intent: PaymentIntent): Invoice {
  const { id, amount, currency, customer, status } = intent
  if (invoice.status !== 'open')
    throw invalidRequest(`You can only attach payments to open invoices. This invoice is ${invoice.status}.`)
  if (customer !== invoice.customer || currency !== invoice.currency)
    throw invalidRequest('The PaymentIntent must have the customer and the currency of the invoice.', 'payment_intent')
  if (invoiceOf(world, intent) || status === 'canceled')
    throw invalidRequest(`The PaymentIntent ${id} cannot be attached to an invoice.`, 'payment_intent')
  if (amount > invoice.amount_remaining)
    throw invalidRequest('The PaymentIntent is of more than what remains to be paid.', 'payment_intent')
  world.tables.invoicePayments.insert(
    newInvoicePayment(world.now(customer), { invoice: invoice.id, currency, amount, intent: id, isDefault: false }),
  )
  return status === 'succeeded' ? receive(world, invoice, intent).invoice : invoice
}

/** Pays a part of an open invoice with a separate payment. */
export function payPart(world: World, invoice: Invoice, amount: number, method: PaymentMethod): Collection {
  const { customer, currency } = invoice
  const intent = world.tables.paymentIntents.insert(
    newPaymentIntent(world.now(customer), { amount, currency, customer: customer! }),
  )
  emit(world, 'payment_intent.created', intent)
  return settle(world, attachPayment(world, invoice, intent), confirm(world, intent, method))
}
