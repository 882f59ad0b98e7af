import { invalidRequest } from '../core/errors.ts'
import type { ApiObject, Charge, CheckoutSession, Coupon, Customer, Invoice, Price } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { paymentOf } from '../billing/invoices/invoice.ts'
import { currencyOptions } from '../billing/invoices/currency-options.ts'
import { taxIdsOf } from '../billing/customers/tax-id.ts'
import { lineItemsOf } from '../billing/checkout/totals.ts'
import { listOf } from '../objects/list.ts'

type Hash = Record<string, unknown>

/** Fields that an object has only for who asks: each says how it is made. */
const INCLUDED: Record<string, Record<string, (world: World, object: never) => unknown>> = {
  charge: {
    refunds: (world, charge: Charge) =>
      listOf(
        world.tables.refunds.filter((refund) => refund.charge === charge.id),
        `/v1/charges/${charge.id}/refunds`,
      ),
  },
  'checkout.session': { line_items: (world, session: CheckoutSession) => lineItemsOf(world, session) },
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

/** Puts the objects in the place of the ids that `expand[]` names. The answer is a copy; the store stays as it is. */
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

const TABLE_OF_PREFIX: Record<string, string> = {
  bpc: 'billing_portal.configuration',
  bps: 'billing_portal.session',
  cbtxn: 'customer_balance_transaction',
  ch: 'charge',
  cn: 'credit_note',
  clock: 'test_helpers.test_clock',
  cs: 'checkout.session',
  cus: 'customer',
  di: 'discount',
  du: 'dispute',
  evt: 'event',
  ii: 'invoiceitem',
  in: 'invoice',
  inpay: 'invoice_payment',
  pi: 'payment_intent',
  pm: 'payment_method',
  price: 'price',
  prod: 'product',
  promo: 'promotion_code',
  re: 'refund',
  seti: 'setup_intent',
  sub: 'subscription',
  txn: 'balance_transaction',
  txr: 'tax_rate',
  we: 'webhook_endpoint',
}

/** Whatever has that id; coupons and products can have ids of their owner's choice. */
export function objectById(world: World, id: string): ApiObject | undefined {
  const prefix = id.startsWith('sub_sched_') ? 'subscription_schedule' : TABLE_OF_PREFIX[id.slice(0, id.indexOf('_'))]
  const found = prefix ? world.tables.named(prefix)?.get(id) : undefined
  const deleted = world.tables.deletedCustomers.get(id)
  if (deleted) return { id, object: 'customer', deleted: true } as ApiObject
  return (found as ApiObject | undefined) ?? world.tables.coupons.get(id) ?? world.tables.products.get(id)
}
