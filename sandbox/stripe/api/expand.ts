import { invalidRequest } from '../core/errors.ts'
import type { Charge, CheckoutSession, Coupon, Customer, Invoice, Price } from '../core/shapes.ts'
import { objectById } from '../core/lookup.ts'
import type { World } from '../core/world.ts'
import { currencyOptions } from '../billing/invoices/currency-options.ts'
import { taxIdsOf } from '../billing/customers/tax-id.ts'
import { lineItemsOf } from '../billing/checkout/totals.ts'
import { listOf } from '../objects/list.ts'
import { paymentOf } from '../billing/invoices/invoice-payment.ts'

import { pageOf } from '../http/endpoint.ts'

type Hash = Record<string, unknown>

/** Fields that exist only when expanded, and how each is computed. */
const INCLUDED: Record<string, Record<string, (world: World, object: never) => unknown>> = {
  charge: {
    refunds: (world, charge: Charge) =>
      listOf(
        world.tables.refunds.filter((refund) => refund.charge === charge.id),
        `/v1/charges/${charge.id}/refunds`,
      ),
  },
  'checkout.session': { line_items: (world, session: CheckoutSession) => pageOf(lineItemsOf(world, session), {}) },
  coupon: {
    applies_to: (_world, coupon: Coupon) => coupon.applies_to ?? null,
    currency_options: (_world, coupon: Coupon) => coupon.currency_options ?? {},
  },
  customer: {
    sources: (_world, customer: Customer) => listOf([], `/v1/customers/${customer.id}/sources`),
    subscriptions: (world, customer: Customer) =>
      listOf(
        world.tables.subscriptions.filter(
          (row) => row.customer === customer.id && row.status !== 'canceled' && row.status !== 'incomplete_expired',
        ),
        `/v1/customers/${customer.id}/subscriptions`,
      ),
    tax_ids: (world, { id }: Customer) => listOf(taxIdsOf(world, id), `/v1/customers/${id}/tax_ids`),
  },
  invoice: {
    confirmation_secret: (world, invoice: Invoice) => {
      const intent = world.tables.paymentIntents.get(paymentOf(world, invoice)?.payment.payment_intent ?? '')
      return intent?.client_secret ? { client_secret: intent.client_secret, type: 'payment_intent' } : null
    },
    payments: (world, invoice: Invoice) =>
      listOf(
        world.tables.invoicePayments.filter((payment) => payment.invoice === invoice.id),
        `/v1/invoice_payments?invoice=${invoice.id}`,
      ),
  },
  price: { currency_options: (world, price: Price) => currencyOptions(world, price), tiers: () => [] },
}

/** Replaces the ids that `expand[]` names with their objects. Returns a copy; the store is unchanged. */
export function expand(world: World, answer: unknown, paths: string[]): unknown {
  return paths.reduce((value, path) => {
    const steps = path.split('.')
    if (steps.length > 4) throw invalidRequest('You cannot expand more than 4 levels of a property', 'expand')
    return follow(world, value, steps, path)
  }, answer)
}

function follow(world: World, value: unknown, [step, ...rest]: string[], path: string): unknown {
  if (step === undefined || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => follow(world, item, [step, ...rest], path))
  const object = value as Hash
  if (step === 'data' && object.object === 'list')
    return { ...object, data: (object.data as unknown[]).map((item) => follow(world, item, rest, path)) }
  if ((object as { deleted?: boolean }).deleted) return object
  const made = INCLUDED[String(object.object)]?.[step]
  if (!made && !(step in object)) throw invalidRequest(`This property cannot be expanded (${path}).`, 'expand')
  const current = object[step] ?? made?.(world, object as never)
  const resolved = Array.isArray(current)
    ? current.map((item) => resolve(world, item, path))
    : resolve(world, current, path)
  return { ...object, [step]: follow(world, resolved, rest, path) }
}

function resolve(world: World, value: unknown, path: string): unknown {
  if (typeof value !== 'string') return value
  const found = objectById(world, value)
  if (!found) throw invalidRequest(`This property cannot be expanded (${path}).`, 'expand')
  return found
}
