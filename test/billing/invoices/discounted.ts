import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import { expect } from 'vitest'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import type { PlanChoice } from '#app/billing/plan-changes/change-target.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import type { User } from '#models/user.server.ts'
import { applyPromotion } from '#sandbox/stripe/billing/checkout/promotion-code.ts'
import { follow } from '../clock.ts'
import { subscriptionIdOf } from '../customers.ts'
import { aUser, creditsOf, type Deliveries, historyOf, readUser, sessionIdOf } from '../scenario.ts'

export interface CouponTerms {
  percent: number
  duration: 'forever' | 'once'
}

/** A user who bought a month of a plan on Stripe's page, with a promotion code. */
export async function discountedSubscriber(
  deliveries: Deliveries,
  { plan = 'Beginner', coupon }: { plan?: string; coupon: CouponTerms },
): Promise<User> {
  const { sandbox, stripe } = deliveries.context
  const { world } = sandbox
  follow(deliveries.context)
  const user = await aUser()
  const code = `C${randomUUID().slice(0, 8)}`
  const { id } = await stripe.coupons.create({ percent_off: coupon.percent, duration: coupon.duration })
  await stripe.promotionCodes.create({ promotion: { type: 'coupon', coupon: id }, code })
  const { url } = await createCheckout({ user, plan, interval: 'month' }, { nonce: randomUUID() })
  const session = sessionIdOf(url)
  world.run(() => applyPromotion(world, world.tables.checkoutSessions.get(session)!, code, 'apply'))
  sandbox.completeCheckout(session)
  await deliveries.deliver()
  return readUser(user._id)
}

export interface Change {
  /** In minor units. */
  money: number
  credits: number
  /** The share of the period that was left. */
  left: number
}

/** Changes a plan as its page shows it, and checks that the outcome matches in money and credits. */
export async function changeAsShown(deliveries: Deliveries, user: User, choice: PlanChoice): Promise<Change> {
  const before = await creditsOf(user)
  const left = shareLeft(await readUser(user._id), deliveries.context.sandbox.now())
  const preview = await previewPlanChange(user, choice)
  const { lines, discount, amountDue, credits, prorationDate } = preview
  const gross = lines.reduce((sum, { amount }) => sum + amount, 0)
  expect(amountDue).toBe(Math.max(0, gross - discount))
  expect(await changePlan(user, choice, { nonce: randomUUID(), prorationDate })).toEqual({ state: 'changed' })
  await deliveries.deliver()
  expect(await creditsOf(user)).toBe(before + credits)
  expect((await historyOf(user)).at(-1)).toMatchObject({ amount: amountDue, creditsAdded: credits })
  return { money: amountDue, credits, left }
}

/** The share of the plan's current period that is left. */
export function shareLeft({ subscription }: User, moment: number): number {
  const start = subscription!.currentPeriodStart!.getTime() / 1000
  const end = subscription!.currentPeriodEnd!.getTime() / 1000
  return (end - moment) / (end - start)
}

/** Each line is rounded to the cent, which can be a credit or two. */
export const about = (value: number): unknown => expect.closeTo(value, -1) as unknown

export async function newestInvoice({ context: { stripe } }: Deliveries, user: User): Promise<Stripe.Invoice> {
  const { data } = await stripe.invoices.list({ subscription: subscriptionIdOf(user), limit: 1 })
  return data[0]!
}
