import { noSuch } from './errors.ts'
import type { Table } from './store.ts'
import type { Customer } from './shapes.ts'
import type { World } from './world.ts'

/** The row of that id, or Stripe's answer for one that does not exist. */
export function find<T extends { id: string }>(table: Table<T>, id: string, param = 'id'): T {
  const row = table.get(id)
  if (!row) throw noSuch(NOUNS[table.name] ?? table.name, id, param)
  return row
}

// How Stripe's messages call what has another name in the API.
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
