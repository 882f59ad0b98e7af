import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import type { CustomerBalanceTransaction, Invoice } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'

/** A smaller amount cannot be charged to a card; it is added to the customer's balance instead. */
const LEAST: Record<string, number> = {
  usd: 50,
  eur: 50,
  gbp: 30,
  jpy: 50,
  aud: 50,
  cad: 50,
  chf: 50,
  sek: 300,
  nok: 300,
  dkk: 250,
  pln: 200,
}

/**
 * Settles an invoice with the customer's balance. A negative balance is credit and pays what it can; a negative
 * total becomes credit; an amount too small to charge becomes a debt that the next invoice collects.
 */
export function applyBalance(world: World, invoice: Invoice): { starting: number; ending: number; due: number } {
  const starting = world.tables.customers.get(invoice.customer!)!.balance
  const owed = invoice.total + starting
  const tooSmall = owed > 0 && owed < (LEAST[invoice.currency] ?? 50) && invoice.total > 0
  const due = tooSmall ? 0 : Math.max(0, owed)
  const ending = tooSmall ? owed : Math.min(0, owed)
  if (ending !== starting) changeBalance(world, invoice.customer!, ending - starting, 'applied_to_invoice', invoice)
  return { starting, ending, due }
}

export function changeBalance(
  world: World,
  customer: string,
  amount: number,
  type: CustomerBalanceTransaction['type'],
  invoice: Invoice | null = null,
  given: { description?: string | null; currency?: string; metadata?: Record<string, string> } = {},
): CustomerBalanceTransaction {
  const before = world.tables.customers.get(customer)!
  const after = world.tables.customers.update(customer, { balance: before.balance + amount })
  const row = world.tables.customerBalanceTransactions.insert({
    id: newId('cbtxn'),
    object: 'customer_balance_transaction',
    amount,
    checkout_session: null,
    created: world.now(customer),
    credit_note: null,
    currency: given.currency ?? invoice?.currency ?? before.currency ?? 'usd',
    customer,
    customer_account: null,
    description: given.description ?? null,
    ending_balance: after.balance,
    invoice: invoice?.id ?? null,
    livemode: false,
    metadata: given.metadata ?? {},
    type,
  })
  emit(world, 'customer.updated', after, before)
  return row
}

/** A customer's first invoice fixes the currency of all that follow. */
export function setCurrency(world: World, customer: string, currency: string): void {
  const before = world.tables.customers.get(customer)!
  if (before.currency) return
  emit(world, 'customer.updated', world.tables.customers.update(customer, { currency }), before)
}
