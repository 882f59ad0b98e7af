import type { BillingInterval } from '../billing-interval.ts'
import type { LiveSubscription } from '../subscriptions/live-subscription.server.ts'

/** An item of a subscription other than its plan. */
export interface BesidePlan extends BillingInterval {
  /** Stripe's name for it; null if unknown. */
  name: string | null
  quantity: number
  /** Unit amount, in minor units of the subscription's currency; null if unknown. */
  unitAmount: number | null
}

/** A subscription's other items, such as add-ons, which a plan change leaves as they are. */
export function besidePlan({ subscription, item }: LiveSubscription): BesidePlan[] {
  const { terms, items } = subscription
  const names = new Map(items.map(({ priceId, name }) => [priceId, name]))
  const others = terms?.items.filter(({ price }) => price.id !== item.priceId) ?? []
  return others.map(({ price, quantity }) => {
    const amount = price.currency === terms?.currency ? Number(price.unitAmount ?? NaN) : NaN
    return {
      ...{ name: names.get(price.id) ?? null, quantity, unitAmount: Number.isInteger(amount) ? amount : null },
      ...{ interval: price.interval, intervalCount: price.intervalCount },
    }
  })
}
