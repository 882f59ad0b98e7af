import type { PlanLine } from './credits-for-invoice.ts'
import { findPrice } from './prices.server.ts'
import type { StripeInvoiceLine } from './stripe-shapes/invoice.ts'
import type { StripeSubscription } from './stripe-shapes/subscription.ts'

/**
 * Finds the plans behind an invoice's lines.
 * @param lines all lines of the invoice, or of a preview of one
 * @returns those that sell a plan; what one costs is taken from the price itself, in the line's currency
 */
export async function planLines(lines: readonly StripeInvoiceLine[]): Promise<PlanLine[]> {
  const found: PlanLine[] = []
  for (const line of lines) {
    const price = line.priceId ? await findPrice(line.priceId) : null
    if (price?.offer.kind !== 'plan') continue
    const { plan, interval } = price.offer
    const { amount, quantity, proration, periodStart, periodEnd } = line
    const unitAmount = price.amountIn(line.currency)
    found.push({ plan, interval, amount, unitAmount, quantity, proration, periodStart, periodEnd })
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
export const mainLine = (lines: readonly PlanLine[]): PlanLine | null =>
  lines.reduce<PlanLine | null>((most, line) => (most === null || line.amount > most.amount ? line : most), null)
