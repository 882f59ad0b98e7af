import { invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import { find } from '../../core/lookup.ts'
import { monthsAfter } from '../../core/calendar.ts'
import type { DiscountRequest } from '../../core/rows.ts'
import type { Coupon, Discount, Invoice, PromotionCode, Subscription } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { appliesTo } from './totals.ts'
import type { AppliedDiscount, DiscountAmount } from './totals.ts'

/** The coupon of a request, after checking that this customer can use it for this amount. */
export function resolveDiscount(
  world: World,
  request: DiscountRequest,
  customer: string | null,
  amount?: number,
): { coupon: Coupon; promotionCode: PromotionCode | null } {
  const promotionCode = request.promotion_code
    ? find(world.tables.promotionCodes, request.promotion_code, 'promotion_code')
    : null
  const id = promotionCode?.promotion.coupon ?? request.coupon
  if (!id) throw invalidRequest('You must provide a coupon or a promotion code.', 'discounts')
  const coupon = find(world.tables.coupons, id, 'coupon')
  if (!isRedeemable(world, coupon)) throw invalidRequest('Coupon expired: ' + coupon.id, 'coupon', 'coupon_expired')
  if (promotionCode) {
    const expired = promotionCode.expires_at !== null && promotionCode.expires_at <= world.clock.now()
    if (!promotionCode.active || expired || (promotionCode.customer && promotionCode.customer !== customer))
      throw invalidRequest('This promotion code cannot be redeemed because it is not active.', 'promotion_code')
    const { first_time_transaction, minimum_amount } = promotionCode.restrictions
    if (minimum_amount !== null && amount !== undefined && amount < minimum_amount)
      throw invalidRequest(
        'This promotion code cannot be redeemed because it requires a minimum amount.',
        'promotion_code',
      )
    if (
      first_time_transaction &&
      customer &&
      world.tables.charges.filter((charge) => charge.customer === customer && charge.paid).length > 0
    )
      throw invalidRequest(
        'This promotion code cannot be redeemed because the associated customer has prior transactions.',
        'promotion_code',
      )
  }
  return { coupon, promotionCode }
}

export function isRedeemable(world: World, coupon: Coupon): boolean {
  const used = coupon.max_redemptions !== null && coupon.times_redeemed >= coupon.max_redemptions
  return coupon.valid && !used && (coupon.redeem_by === null || coupon.redeem_by > world.clock.now())
}

/** Redeems a coupon for a subscription (or a single invoice): creates the discount and counts the redemption. */
export function redeem(
  world: World,
  request: DiscountRequest,
  holder: { customer: string | null; subscription?: string; invoice?: string; session?: string },
): Discount {
  const { tables } = world
  if (request.discount) return find(tables.discounts, request.discount, 'discount')
  const { coupon, promotionCode } = resolveDiscount(world, request, holder.customer)
  const start = world.now(holder.customer)
  const discount = tables.discounts.insert({
    id: newId('di'),
    object: 'discount',
    checkout_session: holder.session ?? null,
    customer: holder.customer,
    customer_account: null,
    end: coupon.duration === 'repeating' ? monthsAfter(start, coupon.duration_in_months ?? 1) : null,
    invoice: holder.invoice ?? null,
    invoice_item: null,
    promotion_code: promotionCode?.id ?? null,
    source: { coupon: coupon.id, type: 'coupon' },
    start,
    subscription: holder.subscription ?? null,
    subscription_item: null,
  })
  const times = coupon.times_redeemed + 1
  tables.coupons.update(coupon.id, {
    times_redeemed: times,
    valid: coupon.max_redemptions === null || times < coupon.max_redemptions,
  })
  if (promotionCode) {
    const uses = promotionCode.times_redeemed + 1
    const spent = promotionCode.max_redemptions !== null && uses >= promotionCode.max_redemptions
    tables.promotionCodes.update(promotionCode.id, { times_redeemed: uses, active: promotionCode.active && !spent })
  }
  emit(world, 'customer.discount.created', discount)
  return discount
}

/** The discounts that apply at a moment, each with its coupon. */
export function applied(world: World, discounts: string[], moment: number): AppliedDiscount[] {
  return discounts.flatMap((id) => {
    const discount = world.tables.discounts.get(id)
    const coupon = discount?.source.coupon ? world.tables.coupons.get(discount.source.coupon) : undefined
    return discount && coupon && (discount.end === null || discount.end > moment) ? [{ discount, coupon }] : []
  })
}

/** Removes from a subscription the `once` coupons that reduced this invoice; a credit does not count. */
export function spendOnce(world: World, { id, discounts }: Subscription, { lines }: Invoice): void {
  const offs = lines.data.flatMap(({ discount_amounts }) => discount_amounts ?? [])
  const used = new Set(offs.filter(({ amount }) => amount > 0).map(({ discount }) => discount))
  const isSpent = (one: string) => {
    const coupon = world.tables.discounts.get(one)?.source.coupon
    return (
      used.has(one) && coupon !== null && coupon !== undefined && world.tables.coupons.get(coupon)?.duration === 'once'
    )
  }
  const left = discounts.filter((one) => !isSpent(one))
  if (left.length < discounts.length) world.tables.subscriptions.update(id, { discounts: left })
}

/** The reduction of a product's price by percentage coupons, one after the other, in fractions of a cent. */
export function percentagesOff(discounts: AppliedDiscount[], product: string, price: number): DiscountAmount[] {
  let left = price
  return discounts.flatMap(({ coupon, discount }) => {
    if (coupon.percent_off === null || !appliesTo(coupon, product)) return []
    const amount = (left * coupon.percent_off) / 100
    left -= amount
    return [{ amount, discount: discount.id }]
  })
}
