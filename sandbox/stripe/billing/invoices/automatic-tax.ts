import { newId } from '../../core/ids.ts'
import type { Address, TaxRate } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import type { TaxRule } from './totals.ts'

/** The automatic tax rule for an address, or null if no tax is collected there. */
export function automaticTax(world: World, address: Address | null | undefined): TaxRule | null {
  const country = address?.country
  const percentage = country ? world.settings.taxPercentages[country] : undefined
  if (!country || percentage === undefined) return null
  const inclusive: TaxRule['inclusive'] = (line) => {
    const price = line.pricing?.price_details?.price
    return price !== undefined && world.tables.prices.get(price)?.tax_behavior === 'inclusive'
  }
  return { rate: rateFor(world, country, percentage), inclusive }
}

function rateFor(world: World, country: string, percentage: number): TaxRate {
  const known = world.tables.taxRates.filter((rate) => rate.country === country && rate.percentage === percentage)[0]
  return (
    known ??
    world.tables.taxRates.insert({
      id: newId('txr'),
      object: 'tax_rate',
      active: false,
      country,
      created: world.clock.now(),
      description: null,
      display_name: country === 'AU' ? 'GST' : 'VAT',
      effective_percentage: percentage,
      flat_amount: null,
      inclusive: false,
      jurisdiction: country,
      jurisdiction_level: 'country',
      livemode: false,
      metadata: {},
      percentage,
      rate_type: 'percentage',
      state: null,
      tax_type: country === 'AU' ? 'gst' : 'vat',
    })
  )
}
