import { noSuch } from './errors.ts'
import type { Table } from './store.ts'
import type { ApiObject, Customer } from './shapes.ts'
import type { World } from './world.ts'

/** The row with this id, or Stripe's error for one that does not exist. */
export function find<T extends { id: string }>(table: Table<T>, id: string, param = 'id'): T {
  const row = table.get(id)
  if (!row) throw noSuch(NOUNS[table.name] ?? table.name, id, param)
  return row
}

// The names in Stripe's messages that differ from those in the API.
const NOUNS: Record<string, string> = {
  'checkout.session': 'checkout.session',
  payment_method: 'PaymentMethod',
  test_helpers: 'testclock',
  'test_helpers.test_clock': 'testclock',
}

/** A customer who has not been deleted. */
export function liveCustomer(world: World, id: string, param = 'customer'): Customer {
  return find(world.tables.customers, id, param)
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

/** The object with this id; coupons and products can have custom ids. */
export function objectById(world: World, id: string): ApiObject | undefined {
  const prefix = id.startsWith('sub_sched_') ? 'subscription_schedule' : TABLE_OF_PREFIX[id.slice(0, id.indexOf('_'))]
  const found = prefix ? world.tables.named(prefix)?.get(id) : undefined
  const deleted = world.tables.deletedCustomers.get(id)
  if (deleted) return { id, object: 'customer', deleted: true } as ApiObject
  return (found as ApiObject | undefined) ?? world.tables.coupons.get(id) ?? world.tables.products.get(id)
}
