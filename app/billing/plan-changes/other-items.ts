import type { Rhythm } from '../billing-interval.ts'
import type { LiveSubscription } from '../subscriptions/live-subscription.server.ts'

/** Something that a subscription has beside its plan. */
export interface BesidePlan extends Rhythm {
  /** What Stripe calls it; null where that is not known. */
  name: string | null
  quantity: number
  /** What one costs, in minor units of the subscription's currency; null where that is not known. */
  unitAmount: number | null
}

/** What a subscription has beside its plan, which a change of plan leaves as it is: add-ons and the like. */
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
