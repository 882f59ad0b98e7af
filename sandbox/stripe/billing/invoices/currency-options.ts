import { invalidRequest } from '../../core/errors.ts'
import type { Price } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'

/**
 * A price as a subscription or session in this currency shows it.
 * @throws StripeApiError when it is not sold in this currency
 */
export function inCurrency(world: World, price: Price, currency: string | null | undefined): Price {
  if (!currency || currency === price.currency) return price
  const amount = world.tables.priceCurrencies.get(price.id)?.amounts[currency]
  if (amount === undefined)
    throw invalidRequest(
      `The price specified supports currencies of \`${price.currency}\`, but the currency \`${currency}\` was expected.`,
      'currency',
    )
  return { ...price, currency, unit_amount: amount, unit_amount_decimal: String(amount) }
}

/** `currency_options`, including the price's own currency. */
export function currencyOptions(world: World, price: Price): NonNullable<Price['currency_options']> {
  const others = world.tables.priceCurrencies.get(price.id)?.amounts ?? {}
  const amounts = { [price.currency]: price.unit_amount ?? 0, ...others }
  return Object.fromEntries(
    Object.entries(amounts).map(([currency, amount]) => [
      currency,
      {
        custom_unit_amount: null,
        tax_behavior: price.tax_behavior,
        unit_amount: amount,
        unit_amount_decimal: String(amount),
      },
    ]),
  )
}

/** Sets or changes a price's amounts in other currencies. */
export function setCurrencies(
  world: World,
  price: string,
  given: Record<string, { unit_amount?: number }> | undefined,
): void {
  if (!given) return
  const table = world.tables.priceCurrencies
  const amounts = { ...table.get(price)?.amounts }
  for (const [currency, { unit_amount }] of Object.entries(given)) amounts[currency] = unit_amount ?? 0
  if (table.get(price)) table.update(price, { amounts })
  else table.insert({ id: price, amounts })
}
