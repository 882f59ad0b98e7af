import type { StripeForTests } from '../stripe.ts'

/** What a subscription at the sandbox has beside its plan; neither the app nor time may change it. */
export type Kept = Map<string, string>

/**
 * Reads add-ons, the plan's quantity, lasting coupons, card and metadata of each subscription.
 * @returns by the subscription's id
 */
export function whatIsBeside({ sandbox }: StripeForTests): Kept {
  const { subscriptions, products, discounts, coupons } = sandbox.world.tables
  const all = subscriptions.filter(({ status }) => status !== 'canceled' && status !== 'incomplete_expired')
  return new Map(
    all.map((subscription) => {
      const items = subscription.items.data.map(({ price, quantity }) => {
        const { plan } = { ...products.get(price.product)?.metadata, ...price.metadata }
        // A change from a quantity of zero sets one.
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

/** @throws Error when something beside a running plan has changed */
export function checkKept(before: Kept, after: Kept, step: string): void {
  for (const [id, was] of before) {
    const is = after.get(id)
    if (is !== undefined && is !== was) throw new Error(`${step} changed ${id} from ${was} to ${is}`)
  }
}
