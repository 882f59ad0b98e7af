import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import type { Customer, TaxId } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'

const KINDS: [TaxId['type'], RegExp][] = [
  ['eu_vat', /^(AT|BE|BG|CY|CZ|DE|DK|EE|EL|ES|FI|FR|HR|HU|IE|IT|LT|LU|LV|MT|NL|PL|PT|RO|SE|SI|SK)[0-9A-Z]{2,12}$/],
  ['gb_vat', /^GB(\d{9}|\d{12})$/],
  ['ch_vat', /^CHE-?\d{3}\.?\d{3}\.?\d{3} ?(MWST|TVA|IVA)?$/],
  ['us_ein', /^\d{2}-\d{7}$/],
  ['au_abn', /^\d{11}$/],
]

/** The type of a tax ID by its format; null if the sandbox does not know it. */
export function kindOfTaxId(value: string): TaxId['type'] | null {
  return KINDS.find(([, look]) => look.test(value.toUpperCase()))?.[0] ?? null
}

export function taxIdsOf(world: World, customer: string): TaxId[] {
  return world.tables.taxIds.filter((row) => row.customer === customer)
}

/** Adds a tax ID to a customer, unless it exists. */
export function addTaxId(
  world: World,
  customer: Customer,
  { type, value }: { type: string; value: string | null },
): TaxId | null {
  if (value === null || taxIdsOf(world, customer.id).some((known) => known.value === value)) return null
  const row = world.tables.taxIds.insert({
    id: newId('txi'),
    object: 'tax_id',
    country: /^[A-Z]{2}/.exec(value)?.[0] ?? null,
    created: world.now(customer.id),
    customer: customer.id,
    customer_account: null,
    livemode: false,
    owner: { type: 'customer', customer: customer.id, customer_account: null },
    type,
    value,
    verification: { status: 'pending', verified_address: null, verified_name: null },
  })
  emit(world, 'customer.tax_id.created', row)
  return row
}

export function removeTaxId(world: World, row: TaxId): void {
  world.tables.taxIds.remove(row.id)
  emit(world, 'customer.tax_id.deleted', row)
}
