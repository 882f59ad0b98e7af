import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find } from '../core/lookup.ts'
import type { Price } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { setCurrencies } from '../billing/invoices/currency-options.ts'
import { planOf } from '../objects/catalog.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import {
  atLeast,
  emptyable,
  flag,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  record,
  required,
  text,
} from '../http/params.ts'
import { addPrice, addProduct, currencyOf, recurring, recurringOf, taxBehavior } from './price-data.ts'

const priceFields = {
  active: flag,
  lookup_key: text,
  metadata,
  nickname: emptyable(text),
  tax_behavior: taxBehavior,
  transfer_lookup_key: flag,
  currency_options: record(
    hash({ unit_amount: atLeast(0), tax_behavior: ignored, unit_amount_decimal: ignored, tiers: ignored }),
  ),
}

/** A lookup key belongs to one price and moves only with `transfer_lookup_key`. */
function claimLookupKey(world: World, key: string, transfer: boolean, claimant?: string): void {
  const holder = world.tables.prices.filter((price) => price.lookup_key === key && price.id !== claimant)[0]
  if (!holder) return
  if (!transfer) throw invalidRequest(`A price (\`${holder.id}\`) already uses that lookup key.`, 'lookup_key')
  emit(world, 'price.updated', updatePrice(world, holder, { lookup_key: null }), holder)
}

/** Updates a price and the subscription items that contain it. */
function updatePrice(world: World, before: Price, patch: Partial<Price>): Price {
  const price = world.tables.prices.update(before.id, patch)
  for (const { id, items } of world.tables.subscriptions.filter((row) =>
    row.items.data.some((item) => item.price.id === price.id),
  ))
    world.tables.subscriptions.update(id, {
      items: {
        ...items,
        data: items.data.map((item) => (item.price.id === price.id ? { ...item, price, plan: planOf(price) } : item)),
      },
    })
  return price
}

export const prices = [
  endpoint(
    'POST /v1/prices',
    {
      ...priceFields,
      billing_scheme: oneOf('per_unit'),
      currency: required(text),
      product: text,
      product_data: hash({
        active: flag,
        id: text,
        name: required(text),
        metadata,
        statement_descriptor: text,
        tax_code: text,
        unit_label: text,
      }),
      recurring,
      unit_amount: integer,
      unit_amount_decimal: text,
    },
    ({ world, params }) => {
      const {
        product,
        product_data,
        recurring: every,
        lookup_key,
        transfer_lookup_key = false,
        metadata: pairs,
        unit_amount,
        unit_amount_decimal,
        currency_options,
        ...given
      } = params
      const currency = currencyOf(given.currency)
      if (!product && !product_data)
        throw invalidRequest('You must provide one of `product` or `product_data`.', 'product')
      const amount =
        unit_amount ?? (unit_amount_decimal !== undefined ? Math.round(Number(unit_amount_decimal)) : undefined)
      if (amount === undefined)
        throw invalidRequest(
          'Prices require an `unit_amount` or `unit_amount_decimal` parameter to be set.',
          'unit_amount',
          'parameter_missing',
        )
      if (!(amount >= 0))
        throw invalidRequest('Invalid non-negative integer', 'unit_amount', 'parameter_invalid_integer')
      const owner = product
        ? find(world.tables.products, product, 'product')
        : addProduct(world, { ...product_data!, metadata: product_data!.metadata ?? {} })
      if (lookup_key) claimLookupKey(world, lookup_key, transfer_lookup_key)
      const price = addPrice(world, {
        ...given,
        currency,
        product: owner.id,
        unit_amount: amount,
        recurring: recurringOf(every),
        lookup_key: lookup_key ?? null,
        metadata: pairs ?? {},
      })
      setCurrencies(world, price.id, currency_options)
      return price
    },
  ),
  retrieveEndpoint('GET /v1/prices/:id', 'prices'),
  endpoint('POST /v1/prices/:id', priceFields, ({ world, id, params }) => {
    const before = find(world.tables.prices, id)
    const { metadata: pairs, transfer_lookup_key = false, currency_options, ...given } = params
    setCurrencies(world, id, currency_options)
    if (given.lookup_key) claimLookupKey(world, given.lookup_key, transfer_lookup_key, id)
    const after = updatePrice(world, before, { ...given, metadata: mergeMetadata(before.metadata, pairs) })
    emit(world, 'price.updated', after, before)
    return after
  }),
  listEndpoint(
    'GET /v1/prices',
    'prices',
    {
      active: flag,
      created: range,
      currency: text,
      lookup_keys: list(text),
      product: text,
      recurring: hash({ interval: text, usage_type: text, meter: text }),
      type: oneOf('one_time', 'recurring'),
    },
    {
      by: {
        lookup_keys: (row, keys) => row.lookup_key !== null && keys.includes(row.lookup_key),
        recurring: (row, { interval }) => !interval || row.recurring?.interval === interval,
      },
    },
  ),
]
