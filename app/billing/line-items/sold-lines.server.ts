import { config } from '../../config.server.ts'
import { findPriceIn, isTaggedAsOurs } from '../catalog/prices.server.ts'
import { CreditsNotComputable } from '../errors.ts'
import type { StripeSession } from '../stripe/objects/checkout-session.ts'
import type { StripeInvoiceLine } from '../stripe/objects/invoice.ts'
import { creditsForInvoice, type InvoiceCredits } from './credits-for-invoice.ts'
import type { SoldLine } from './sold-line.ts'

/**
 * Finds the lines that sell something of ours. What one costs is taken from the price itself, in the line's currency.
 * @param lines all lines of an invoice, or of a preview of one
 */
export async function soldLines(lines: readonly PricedLine[]): Promise<SoldLine[]> {
  const found: SoldLine[] = []
  for (const line of lines) {
    const sold = await soldLine(line)
    if (sold) found.push(sold)
  }
  return found
}

/** The same for the items of a checkout session. */
export function soldItems({ items, currency, createdAt }: StripeSession): Promise<SoldLine[]> {
  const common = { currency, proration: false, periodStart: createdAt, periodEnd: createdAt }
  return soldLines(items.map((item) => ({ ...item, ...common })))
}

/** The credits that lines would grant when they are paid; null if they cannot be determined. */
export async function creditsOfLines(lines: readonly PricedLine[]): Promise<InvoiceCredits | null> {
  try {
    return creditsForInvoice(await soldLines(lines), config())
  } catch (error) {
    if (error instanceof CreditsNotComputable) return null
    throw error
  }
}

/** The fields of a line that identify what it sells. */
export type PricedLine = Pick<
  StripeInvoiceLine,
  'id' | 'priceId' | 'currency' | 'amount' | 'quantity' | 'proration' | 'periodStart' | 'periodEnd'
>

async function soldLine(line: PricedLine): Promise<SoldLine | null> {
  const { id, priceId, currency, amount, quantity, proration, periodStart, periodEnd } = line
  if (!priceId) return null
  const price = await findPriceIn(priceId, currency)
  const unitAmount = price?.amountIn(currency) ?? null
  const common = { id, amount, unitAmount, quantity, proration, periodStart, periodEnd }
  if (price) return { ...common, ...price.offer }
  return (await isTaggedAsOurs(priceId)) ? { ...common, kind: 'unknown', priceId } : null
}
