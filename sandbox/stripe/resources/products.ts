import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find } from '../core/lookup.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import {
  emptyable,
  flag,
  hash,
  ignored,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  required,
  text,
} from '../http/params.ts'
import { addProduct, priceData, priceFromData } from './price-data.ts'

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
  retrieveEndpoint('GET /v1/products/:id', 'products'),
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
    'products',
    { active: flag, created: range, ids: list(text), shippable: flag, url: text },
    { by: { ids: (row, ids) => ids.includes(row.id) } },
  ),
]
