import type { StripeForTests } from '../stripe.ts'

/** What a subscription has beside its plan, as the sandbox has it: nothing that the app does or time brings may change it. */
export type Kept = Map<string, string>

/**
 * Notes add-ons, the number of the plan, coupons that last for good, the card and the tags of each subscription.
 * @returns by the subscription's id
 */
export function whatIsBeside({ sandbox }: StripeForTests): Kept {
  const { subscriptions, products, discounts, coupons } = sandbox.world.tables
  const all = subscriptions.filter(({ status }) => status !== 'canceled' && status !== 'incomplete_expired')
  return new Map(
    all.map((subscription) => {
      const items = subscription.items.data.map(({ price, quantity }) => {
        const { plan } = { ...products.get(price.product)?.metadata, ...price.metadata }
        // Whoever changes zero of a plan wants one.
        return plan ? `plan × ${quantity || 1}` : `${price.id} × ${quantity}`
      })
      const lasting = subscription.discounts
        .map((id) => discounts.get(id)?.source.coupon)
        .filter((coupon) => coupon && coupons.get(coupon)?.duration === 'forever')
      const { default_payment_method: card, metadata } = subscription
      const { cancel_at_before: _, ...tags } = metadata
      return [subscription.id, JSON.stringify({ items: items.sort(), lasting, card, tags })]
    }),
  )
}

/** @throws Error when something beside a plan that still runs is another than before */
export function checkKept(before: Kept, after: Kept, step: string): void {
  for (const [id, was] of before) {
    const is = after.get(id)
    if (is !== undefined && is !== was) throw new Error(`${step} made of ${id}: ${was} this: ${is}`)
  }
}
