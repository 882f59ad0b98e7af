import { emit } from '../core/events.ts'
import { invalidRequest, noSuch } from '../core/errors.ts'
import { find } from '../core/lookup.ts'
import type { Address, Customer, TaxId } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { changeBalance } from '../billing/customers/customer-balance.ts'
import { ENDED, end } from '../billing/subscriptions/status.ts'
import { attach, findMethod } from '../billing/payments/payment-method.ts'
import { addTaxId, kindOfTaxId, removeTaxId } from '../billing/customers/tax-id.ts'
import { newCustomer } from '../objects/customer.ts'
import { endpoint, listEndpoint } from '../http/endpoint.ts'
import {
  address,
  emptyable,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  required,
  text,
} from '../http/params.ts'
import type { Values } from '../http/params.ts'

const fields = {
  address: emptyable(address),
  balance: integer,
  business_name: emptyable(text),
  description: emptyable(text),
  email: emptyable(text),
  individual_name: emptyable(text),
  invoice_prefix: text,
  invoice_settings: hash({
    custom_fields: ignored,
    default_payment_method: emptyable(text),
    footer: emptyable(text),
    rendering_options: ignored,
  }),
  metadata,
  name: emptyable(text),
  next_invoice_sequence: integer,
  phone: emptyable(text),
  preferred_locales: list(text),
  shipping: emptyable(hash({ address, name: text, phone: emptyable(text) })),
  source: text,
  tax: ignored,
  tax_exempt: oneOf('exempt', 'none', 'reverse'),
}

/** The customer's fields after an update. */
function patchOf(
  world: World,
  params: Values<typeof fields>,
  before: Pick<Customer, 'metadata' | 'invoice_settings' | 'address'>,
): Partial<Customer> {
  const { metadata: pairs, invoice_settings, source: _source, tax: _tax, address: place, shipping, ...plain } = params
  const card = invoice_settings?.default_payment_method
  if (card) findMethod(world, card, 'invoice_settings[default_payment_method]')
  return {
    ...(plain as Partial<Customer>),
    ...(place !== undefined && { address: place && fullAddress(place) }),
    ...(shipping !== undefined && {
      shipping: shipping && { ...shipping, address: fullAddress(shipping.address ?? {}) },
    }),
    metadata: mergeMetadata(before.metadata, pairs),
    ...(invoice_settings && {
      invoice_settings: {
        ...before.invoice_settings,
        ...(card !== undefined && { default_payment_method: card }),
        ...(invoice_settings.footer !== undefined && { footer: invoice_settings.footer }),
      },
    }),
  }
}

/** An address with all its fields. */
export function fullAddress(place: Partial<Address>): Address {
  const { city = null, country = null, line1 = null, line2 = null, postal_code = null, state = null } = place
  return { city, country, line1, line2, postal_code, state }
}

function taxIdOf(world: World, customer: string, id: string): TaxId {
  const row = find(world.tables.taxIds, id)
  if (row.customer !== customer) throw noSuch('tax_id', id, 'id')
  return row
}

export const customers = [
  endpoint('POST /v1/customers', { ...fields, payment_method: text, test_clock: text }, ({ world, params }) => {
    const { payment_method, test_clock, ...rest } = params
    const clock = test_clock ? find(world.tables.testClocks, test_clock, 'test_clock') : null
    const plain = newCustomer(world.onClock(clock?.id ?? null), { test_clock: clock?.id ?? null })
    // The default card must belong to the customer, so it is set after the card is attached.
    const card = rest.invoice_settings?.default_payment_method
    const before = world.tables.customers.insert({
      ...plain,
      ...patchOf(
        world,
        { ...rest, invoice_settings: { ...rest.invoice_settings, default_payment_method: undefined } },
        plain,
      ),
    })
    emit(world, 'customer.created', before)
    const method = payment_method ? attach(world, findMethod(world, payment_method), before) : undefined
    // `pm_card_visa` creates a new card each time, but here both parameters mean the same one.
    const chosen = card && (card === payment_method ? method!.id : card)
    if (!chosen) return world.tables.customers.get(before.id)
    const after = world.tables.customers.update(before.id, {
      invoice_settings: { ...before.invoice_settings, default_payment_method: chosen },
    })
    emit(world, 'customer.updated', after, before)
    return after
  }),

  endpoint('GET /v1/customers/search', { query: required(text), limit: integer, page: text }, ({ world, params }) => {
    const clauses = [
      ...params.query.matchAll(/(email|name|metadata\[['"]([^'"]+)['"]\]|phone)\s*:\s*['"]([^'"]*)['"]/g),
    ]
    const data = world.tables.customers.filter((row) =>
      clauses.every(([, field, key, value]) => (key ? row.metadata[key] : row[field as 'email']) === value),
    )
    return {
      object: 'search_result',
      data: data.slice(0, params.limit ?? 10),
      has_more: false,
      next_page: null,
      url: '/v1/customers/search',
    }
  }),

  endpoint('GET /v1/customers/:id', {}, ({ world, id }) =>
    world.tables.deletedCustomers.get(id)
      ? { id, object: 'customer', deleted: true }
      : find(world.tables.customers, id),
  ),

  endpoint(
    'POST /v1/customers/:id',
    { ...fields, default_source: text },
    ({ world, id, params: { default_source: _source, ...params } }) => {
      const before = find(world.tables.customers, id)
      const after = world.tables.customers.update(id, patchOf(world, params, before))
      emit(world, 'customer.updated', after, before)
      return after
    },
  ),

  endpoint('DELETE /v1/customers/:id', {}, ({ world, id }) => {
    const customer = find(world.tables.customers, id)
    for (const subscription of world.tables.subscriptions.filter(
      (row) => row.customer === id && !ENDED.has(row.status),
    ))
      end(world, subscription, 'cancellation_requested')
    world.tables.customers.remove(id)
    world.tables.deletedCustomers.insert({ id })
    emit(world, 'customer.deleted', customer)
    return { id, object: 'customer', deleted: true }
  }),

  listEndpoint(
    'GET /v1/customers',
    'customers',
    { email: text, created: range, test_clock: text },
    { where: (row, { params }) => params.test_clock !== undefined || !row.test_clock },
  ),

  listEndpoint(
    'GET /v1/customers/:id/payment_methods',
    'paymentMethods',
    { type: text, allow_redisplay: text },
    { where: (row, { ids }) => row.customer === ids[0] },
  ),

  listEndpoint('GET /v1/customers/:id/tax_ids', 'taxIds', {}, { where: (row, { ids }) => row.customer === ids[0] }),

  endpoint(
    'POST /v1/customers/:id/tax_ids',
    { type: required(text), value: required(text) },
    ({ world, id, params: { type, value } }) => {
      const customer = find(world.tables.customers, id)
      if (kindOfTaxId(value) !== type) throw invalidRequest(`Invalid value for ${type}.`, 'value', 'tax_id_invalid')
      const row = addTaxId(world, customer, { type, value })
      if (!row) throw invalidRequest('Tax ID already exists for this customer.', 'value', 'tax_id_invalid')
      return row
    },
  ),

  endpoint('GET /v1/customers/:id/tax_ids/:tax_id', {}, ({ world, ids: [customer, id] }) =>
    taxIdOf(world, customer!, id!),
  ),

  endpoint('DELETE /v1/customers/:id/tax_ids/:tax_id', {}, ({ world, ids: [customer, id] }) => {
    removeTaxId(world, taxIdOf(world, customer!, id!))
    return { id, object: 'tax_id', deleted: true }
  }),

  listEndpoint(
    'GET /v1/customers/:id/balance_transactions',
    'customerBalanceTransactions',
    { created: range, invoice: text },
    { where: (row, { ids }) => row.customer === ids[0] },
  ),

  endpoint(
    'POST /v1/customers/:id/balance_transactions',
    { amount: required(integer), currency: required(text), description: emptyable(text), metadata },
    ({ world, id, params }) => {
      find(world.tables.customers, id)
      return changeBalance(world, id, params.amount, 'adjustment', null, {
        currency: params.currency,
        description: params.description,
        metadata: params.metadata ?? {},
      })
    },
  ),
]
