import type { Price } from './shapes.ts'

/** `$10.00 / month`, as Stripe writes it in a line's description. */
export function rate(price: Price): string {
  const every = price.recurring
  const interval = every
    ? every.interval_count === 1
      ? every.interval
      : `every ${every.interval_count} ${every.interval}s`
    : 'once'
  return `${money(price.unit_amount ?? 0, price.currency)} / ${interval}`
}

const WITHOUT_DECIMALS = new Set([
  'bif',
  'clp',
  'djf',
  'gnf',
  'jpy',
  'kmf',
  'krw',
  'mga',
  'pyg',
  'rwf',
  'ugx',
  'vnd',
  'vuv',
  'xaf',
  'xof',
  'xpf',
])

/** An amount in minor units, formatted for people. */
export function money(amount: number, currency: string): string {
  const digits = WITHOUT_DECIMALS.has(currency) ? 0 : 2
  return new Intl.NumberFormat('en-US', {
    style: 'currency',
    currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  })
    .format(amount / 10 ** digits)
    .replace('-', '\u2212')
}
