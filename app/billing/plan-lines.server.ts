import { findPrice, findPriceIn, isTaggedAsOurs } from './prices.server.ts'
import type { PlanLine, SoldLine } from './sold-line.ts'
import type { StripeInvoiceLine } from './stripe-shapes/invoice.ts'
import type { StripeSubscription } from './stripe-shapes/subscription.ts'

/**
 * Finds what is ours among an invoice's lines.
 * @param lines all lines of the invoice, or of a preview of one
 * @returns those that sell something of ours; what one costs is taken from the price itself, in the line's currency
 */
export async function soldLines(lines: readonly StripeInvoiceLine[]): Promise<SoldLine[]> {
  const found: SoldLine[] = []
  for (const line of lines) {
    const { id, priceId, currency, amount, quantity, proration, periodStart, periodEnd } = line
    if (!priceId) continue
    const price = await findPriceIn(priceId, currency)
    const unitAmount = price?.amountIn(currency) ?? null
    const common = { id, amount, unitAmount, quantity, proration, periodStart, periodEnd }
    if (price) found.push({ ...common, ...price.offer })
    else if (await isTaggedAsOurs(priceId)) found.push({ ...common, kind: 'unknown', priceId })
  }
  return found
}

/**
 * Finds the plan that a subscription sells.
 * @returns its offer, or null when none of its prices is in a plan
 */
export async function planSold({ items }: Pick<StripeSubscription, 'items'>) {
  for (const { priceId } of items) {
    const offer = (await findPrice(priceId))?.offer
    if (offer?.kind === 'plan') return offer
  }
  return null
}

/** The line that says what an invoice is about: the dearest of a plan. */
export const mainLine = (lines: readonly SoldLine[]): PlanLine | null =>
  lines.reduce<PlanLine | null>(
    (most, line) => (line.kind === 'plan' && (most === null || line.amount > most.amount) ? line : most),
    null,
  )
