import type { BillingInterval } from '../billing-interval.ts'
import { findPrice, type KnownPrice } from '../catalog/prices.server.ts'
import { largestPlan } from '../line-items/main-line.ts'
import type { Plan } from '../plans.ts'
import type { StripeSubscriptionItem } from '../stripe/objects/subscription.ts'

/** An item of a subscription, or of a scheduled phase. */
type Item = Pick<StripeSubscriptionItem, 'priceId' | 'quantity' | 'periodEnd'>

interface PlanOf extends BillingInterval {
  plan: Plan
  price: KnownPrice
}

/** The plan's item of a subscription. Add-ons may come before it. */
export type PlanItem = StripeSubscriptionItem & PlanOf

/**
 * Finds the plan's item; of several plans the largest. No other code picks an item.
 * @returns null when none of its prices is in a plan
 */
export async function planItemOf<I extends Item>({ items }: { items: readonly I[] }): Promise<(I & PlanOf) | null> {
  const found: (I & PlanOf)[] = []
  for (const item of items) {
    const price = await findPrice(item.priceId)
    if (price?.offer.kind !== 'plan') continue
    const { plan, interval, intervalCount } = price.offer
    found.push({ ...item, plan, interval, intervalCount, price })
  }
  // A quantity of zero counts only if there is no other.
  return largestPlan(found.filter(({ quantity }) => quantity > 0)) ?? largestPlan(found)
}
