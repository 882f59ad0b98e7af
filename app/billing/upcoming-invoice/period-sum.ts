/* The price of a period, by a subscription's items and coupons, as Stripe's invoice adds it up. Pure. */

/** What a coupon takes off, in the subscription's currency. */
export interface KnownCoupon {
  /** From 0 to 100; null for an amount. */
  percentOff: number | null
  /** Minor units; null for a percentage, or if none in this currency. */
  amountOff: number | null
  /** The products it applies to; null for all. */
  products: string[] | null
}

/** One item for one period. */
export interface PeriodItem {
  product: string | null
  /** Before discounts, in minor units: unit amount times quantity. */
  amount: number
  /** Coupons of the item alone; they apply before the subscription's. */
  coupons: KnownCoupon[]
}

/**
 * The total of a period's lines after its coupons, applied one by one and line by line.
 * @param coupons those of the subscription, in its order
 * @returns minor units, without tax on top and before the customer's balance; null where the cents of a line depend on
 * how Stripe divides an amount
 */
export function periodSum(items: readonly PeriodItem[], coupons: readonly KnownCoupon[]): number | null {
  const nets = items.map((item) => item.coupons.reduce((net, coupon) => net - shareOff(coupon, item, net), item.amount))
  let isDivided = false
  for (const coupon of coupons) {
    const places = items.flatMap((item, place) => (isFor(coupon, item) && nets[place]! > 0 ? [place] : []))
    const [first] = places
    if (first === undefined) continue
    if (isDivided && nets.length > 1) return null
    if (coupon.amountOff === null || places.length === 1) {
      for (const place of places) nets[place]! -= shareOff(coupon, items[place]!, nets[place]!)
      continue
    }
    // Over several lines only the sum is known, so nothing that depends on a single line can follow.
    isDivided = true
    const before = places.reduce((sum, place) => sum + nets[place]!, 0)
    for (const place of places) nets[place] = 0
    nets[first] = Math.max(0, before - coupon.amountOff)
  }
  return nets.reduce((sum, net) => sum + net, 0)
}

function shareOff(coupon: KnownCoupon, item: PeriodItem, net: number): number {
  if (!isFor(coupon, item) || net <= 0) return 0
  if (coupon.amountOff !== null) return Math.min(coupon.amountOff, net)
  return Math.round((net * (coupon.percentOff ?? 0)) / 100)
}

const isFor = ({ products }: KnownCoupon, { product }: PeriodItem): boolean =>
  products === null || (product !== null && products.includes(product))
