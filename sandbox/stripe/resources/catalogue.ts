import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find } from '../core/lookup.ts'
import type { Price, Product } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { planOf, newPrice, newProduct } from '../objects/catalogue.ts'
import { endpoint, listEndpoint, within } from '../http/endpoint.ts'
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
  required,
  text,
} from '../http/params.ts'
import type { Values } from '../http/params.ts'

const recurring = hash({
  interval: required(oneOf('day', 'week', 'month', 'year')),
  interval_count: atLeast(1),
  trial_period_days: atLeast(0),
  usage_type: oneOf('licensed', 'metered'),
  meter: text,
})

const priceFields = {
  active: flag,
  lookup_key: text,
  metadata,
  nickname: emptyable(text),
  tax_behavior: oneOf('exclusive', 'inclusive', 'unspecified'),
  transfer_lookup_key: flag,
  currency_options: ignored,
}

const productFields = {
  active: flag,
  description: emptyable(text),
  images: emptyable(list(text)),
  marketing_features: emptyable(list(hash({ name: required(text) }))),
  metadata,
  shippable: flag,
  statement_descriptor: text,
  tax_code: emptyable(text),
  unit_label: emptyable(text),
  url: emptyable(text),
}

/** What can be bought, also when it is described in a request instead of created before. */
const priceDataShape = {
  currency: required(text),
  product: text,
  product_data: hash({
    name: required(text),
    description: text,
    images: list(text),
    metadata,
    tax_code: text,
    unit_label: text,
  }),
  recurring,
  tax_behavior: priceFields.tax_behavior,
  unit_amount: atLeast(0),
  unit_amount_decimal: text,
}
export const priceData = hash(priceDataShape)

/** A price of an order's own, not to be sold again. */
export function priceFromData(world: World, data: Values<typeof priceDataShape>, path: string): Price {
  const { product, product_data, currency, unit_amount, recurring: every, tax_behavior } = data
  if (!product && !product_data)
    throw invalidRequest(`You must provide one of ${path}[product] or ${path}[product_data].`, path)
  const made = product
    ? find(world.tables.products, product, `${path}[product]`)
    : addProduct(world, { ...product_data!, metadata: product_data!.metadata ?? {} })
  return addPrice(world, {
    active: false,
    currency: currencyOf(currency, `${path}[currency]`),
    product: made.id,
    unit_amount: unit_amount ?? 0,
    recurring: recurringOf(every),
    ...(tax_behavior && { tax_behavior }),
  })
}

type RecurringParams = {
  interval: 'day' | 'week' | 'month' | 'year'
  interval_count?: number
  trial_period_days?: number
  usage_type?: 'licensed' | 'metered'
}

function recurringOf(params: RecurringParams | undefined): Price['recurring'] {
  return params
    ? {
        interval: params.interval,
        interval_count: params.interval_count ?? 1,
        meter: null,
        trial_period_days: params.trial_period_days ?? null,
        usage_type: params.usage_type ?? 'licensed',
      }
    : null
}

function addProduct(world: World, given: Partial<Product> & { name: string }): Product {
  const product = world.tables.products.insert(newProduct(world.clock.now(), given))
  emit(world, 'product.created', product)
  return product
}

function addPrice(world: World, given: Parameters<typeof newPrice>[1]): Price {
  const price = world.tables.prices.insert(newPrice(world.clock.now(), given))
  if (price.recurring) emit(world, 'plan.created', planOf(price))
  emit(world, 'price.created', price)
  return price
}

export function currencyOf(code: string, param = 'currency'): string {
  const lower = code.toLowerCase()
  if (!/^[a-z]{3}$/.test(lower))
    throw invalidRequest(
      `Invalid currency: ${code}. Stripe currently supports these currencies: usd, eur, gbp, jpy, …`,
      param,
    )
  return lower
}

/** A lookup key belongs to one price; it moves only when that is said. */
function claimLookupKey(world: World, key: string, transfer: boolean, claimant?: string): void {
  const holder = world.tables.prices.filter((price) => price.lookup_key === key && price.id !== claimant)[0]
  if (!holder) return
  if (!transfer) throw invalidRequest(`A price (\`${holder.id}\`) already uses that lookup key.`, 'lookup_key')
  emit(world, 'price.updated', updatePrice(world, holder, { lookup_key: null }), holder)
}

/** Subscription items show their price as it is now. */
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

export const products = [
  endpoint(
    'POST /v1/products',
    {
      ...productFields,
      id: text,
      name: required(text),
      type: oneOf('good', 'service'),
      default_price_data: priceData,
      package_dimensions: ignored,
      tax_details: ignored,
    },
    ({ world, params }) => {
      const {
        default_price_data,
        metadata: pairs,
        images,
        marketing_features,
        package_dimensions: _p,
        tax_details: _t,
        ...given
      } = params
      if (given.id && world.tables.products.get(given.id))
        throw invalidRequest(`Product already exists.`, 'id', 'resource_already_exists')
      const product = addProduct(world, {
        ...given,
        metadata: pairs ?? {},
        images: images ?? [],
        marketing_features: marketing_features ?? [],
      })
      if (!default_price_data) return product
      const price = priceFromData(world, { ...default_price_data, product: product.id }, 'default_price_data')
      world.tables.prices.update(price.id, { active: true })
      return world.tables.products.update(product.id, { default_price: price.id })
    },
  ),
  endpoint('GET /v1/products/:id', {}, ({ world, id }) => find(world.tables.products, id)),
  endpoint(
    'POST /v1/products/:id',
    { ...productFields, name: text, default_price: text, package_dimensions: ignored, tax_details: ignored },
    ({ world, id, params }) => {
      const before = find(world.tables.products, id)
      const { metadata: pairs, images, marketing_features, package_dimensions: _p, tax_details: _t, ...given } = params
      const after = world.tables.products.update(id, {
        ...given,
        ...(images !== undefined && { images: images ?? [] }),
        ...(marketing_features !== undefined && { marketing_features: marketing_features ?? [] }),
        metadata: mergeMetadata(before.metadata, pairs),
        updated: world.clock.now(),
      })
      emit(world, 'product.updated', after, before)
      return after
    },
  ),
  endpoint('DELETE /v1/products/:id', {}, ({ world, id }) => {
    const product = find(world.tables.products, id)
    if (world.tables.prices.filter((price) => price.product === id).length > 0)
      throw invalidRequest('This product cannot be deleted because it has one or more user-created prices.', 'id')
    world.tables.products.remove(id)
    emit(world, 'product.deleted', product)
    return { id, object: 'product', deleted: true }
  }),
  listEndpoint(
    'GET /v1/products',
    (world) => world.tables.products,
    { active: flag, created: range, ids: list(text), shippable: flag, url: text },
    (row, { params }) =>
      (params.active === undefined || row.active === params.active) &&
      (!params.ids || params.ids.includes(row.id)) &&
      within(row.created, params.created),
  ),
]

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
        currency_options: _c,
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
      return addPrice(world, {
        ...given,
        currency,
        product: owner.id,
        unit_amount: amount,
        recurring: recurringOf(every),
        lookup_key: lookup_key ?? null,
        metadata: pairs ?? {},
      })
    },
  ),
  endpoint('GET /v1/prices/:id', {}, ({ world, id }) => find(world.tables.prices, id)),
  endpoint('POST /v1/prices/:id', priceFields, ({ world, id, params }) => {
    const before = find(world.tables.prices, id)
    const { metadata: pairs, transfer_lookup_key = false, currency_options: _c, ...given } = params
    if (given.lookup_key) claimLookupKey(world, given.lookup_key, transfer_lookup_key, id)
    const after = updatePrice(world, before, { ...given, metadata: mergeMetadata(before.metadata, pairs) })
    emit(world, 'price.updated', after, before)
    return after
  }),
  listEndpoint(
    'GET /v1/prices',
    (world) => world.tables.prices,
    {
      active: flag,
      created: range,
      currency: text,
      lookup_keys: list(text),
      product: text,
      recurring: hash({ interval: text, usage_type: text, meter: text }),
      type: oneOf('one_time', 'recurring'),
    },
    (row, { params }) =>
      (params.active === undefined || row.active === params.active) &&
      (!params.lookup_keys || (row.lookup_key !== null && params.lookup_keys.includes(row.lookup_key))) &&
      (!params.product || row.product === params.product) &&
      (!params.type || row.type === params.type) &&
      (!params.currency || row.currency === params.currency) &&
      (!params.recurring?.interval || row.recurring?.interval === params.recurring.interval) &&
      within(row.created, params.created),
  ),
]
