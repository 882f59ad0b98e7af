import { z } from 'zod'
import { findAtStripe } from '../stripe/client.server.ts'

/** What a coupon takes off, in all its currencies. */
export interface CouponTerms {
  percentOff: number | null
  /** Minor units by currency; empty for a percentage. */
  amountsOff: Record<string, number>
  /** The products it applies to; null for all. */
  products: string[] | null
  /** It applies to one invoice. */
  isOnce: boolean
}

const KNOWN_FOR_MS = 60 * 60 * 1000
const KNOWN_MAX = 1000

const known = new Map<string, { terms: CouponTerms | null; until: number }>()

/** Clears the coupon cache, for tests. */
export const forgetCoupons = (): void => known.clear()

const couponSchema = z
  .object({
    percent_off: z.number().nullish(),
    amount_off: z.number().nullish(),
    currency: z.string().nullish(),
    currency_options: z.record(z.string(), z.object({ amount_off: z.number() })).nullish(),
    duration: z.string().nullish(),
    applies_to: z.object({ products: z.array(z.string()) }).nullish(),
  })
  .transform((coupon): CouponTerms => {
    const own = coupon.currency && coupon.amount_off ? { [coupon.currency]: coupon.amount_off } : {}
    const others = Object.entries(coupon.currency_options ?? {}).map(([code, { amount_off }]) => [code, amount_off])
    return {
      percentOff: coupon.percent_off ?? null,
      amountsOff: { ...(Object.fromEntries(others) as Record<string, number>), ...own },
      products: coupon.applies_to?.products ?? null,
      isOnce: coupon.duration === 'once',
    }
  })

/** What a coupon takes off; it never changes, so it is read once. Null for a deleted one, whose discounts go on. */
export async function findCoupon(id: string): Promise<CouponTerms | null> {
  const learned = known.get(id)
  if (learned && learned.until > Date.now()) return learned.terms
  const expand = ['applies_to', 'currency_options']
  const found = await findAtStripe((stripe) => stripe.coupons.retrieve(id, { expand }))
  const terms = found && !found.deleted ? couponSchema.parse(found) : null
  if (known.size >= KNOWN_MAX) known.clear()
  known.set(id, { terms, until: Date.now() + KNOWN_FOR_MS })
  return terms
}
