import { resolveDiscount } from '../invoices/discounts.ts'
import { withTotals } from './totals.ts'
import { StripeApiError } from '../../core/errors.ts'
import type { CheckoutSession } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'

/** Applies a code to a session, or removes it. Returns what is wrong with the code, or null. */
export function applyPromotion(world: World, session: CheckoutSession, code: string, action: string): string | null {
  const order = world.tables.checkoutOrders.get(session.id)!
  const promotionCode = world.tables.promotionCodes.filter(
    (row) => row.active && row.code.toUpperCase() === code.toUpperCase(),
  )[0]
  if (action !== 'remove' && !promotionCode) return 'This code is not valid.'
  const discounts = action === 'remove' ? [] : [{ promotion_code: promotionCode!.id }]
  try {
    for (const discount of discounts) resolveDiscount(world, discount, session.customer, session.amount_subtotal ?? 0)
  } catch (error) {
    if (error instanceof StripeApiError) return error.message
    throw error
  }
  const changed = world.tables.checkoutOrders.update(order.id, { discounts })
  const shown = discounts.map(({ promotion_code }) => ({ coupon: null, promotion_code }))
  world.tables.checkoutSessions.update(session.id, withTotals(world, { ...session, discounts: shown }, changed))
  return null
}
