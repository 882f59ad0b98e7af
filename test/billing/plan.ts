import { afterEach } from 'vitest'
import { findPlan, type Interval, type Plan } from '#app/billing/plans.ts'
import { priceIdOf } from '#app/billing/catalog/prices.server.ts'

/** Call at the top of a test file: its tests may change this plan, which is restored after each of them. */
export function usePlan(name: string): Plan {
  const plan = findPlan(name)!
  const asSold = { ...plan }
  afterEach(() => {
    Object.assign(plan, asSold)
  })
  return plan
}

/** The id of a plan's price at Stripe. */
export function planPrice(name: string, interval: Interval = 'month'): Promise<string> {
  const plan = findPlan(name)!
  return priceIdOf({ kind: 'plan', plan, interval, price: plan.prices![interval] })
}
