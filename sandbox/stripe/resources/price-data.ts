import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find } from '../core/lookup.ts'
import type { Price, Product } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { planOf, newPrice, newProduct } from '../objects/catalog.ts'
import { atLeast, hash, list, metadata, oneOf, required, text } from '../http/params.ts'
import type { Values } from '../http/params.ts'

export const taxBehavior = oneOf('exclusive', 'inclusive', 'unspecified')
export const recurring = hash({
  interval: required(oneOf('day', 'week', 'month', 'year')),
  interval_count: atLeast(1),
  trial_period_days: atLeast(0),
  usage_type: oneOf('licensed', 'metered'),
  meter: text,
})

/** A price described in a request instead of created before. */
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
  tax_behavior: taxBehavior,
  unit_amount: atLeast(0),
  unit_amount_decimal: text,
}
export const priceData = hash(priceDataShape)

/** A price for one order only. */
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

export function recurringOf(params: RecurringParams | undefined): Price['recurring'] {
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

export function addProduct(world: World, given: Partial<Product> & { name: string }): Product {
  const product = world.tables.products.insert(newProduct(world.clock.now(), given))
  emit(world, 'product.created', product)
  return product
}

export function addPrice(world: World, given: Parameters<typeof newPrice>[1]): Price {
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
