import type Stripe from 'stripe'
import type { Interval } from '#app/billing/plans.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import type { User } from '#models/user.server.ts'
import { advance, follow } from './clock.ts'
import { aUser, type Deliveries, readUser } from './scenario.ts'
import type { StripeForTests } from './stripe.ts'

/** A user with a paid plan, all events delivered. */
export async function subscriber(
  deliveries: Deliveries,
  { plan = 'Beginner', interval = 'month', card }: { plan?: string; interval?: Interval; card?: string } = {},
): Promise<User> {
  follow(deliveries.context)
  const user = await aUser()
  await deliveries.buy({ user, plan, interval }, card)
  await deliveries.deliver()
  return readUser(user._id)
}

/** A user whose renewal failed. */
export async function overdueSubscriber(deliveries: Deliveries): Promise<User> {
  const user = await subscriber(deliveries)
  await payWith(deliveries.context, user, 'pm_card_chargeCustomerFail')
  advance(deliveries.context, 32)
  await deliveries.deliver()
  return readUser(user._id)
}

export const subscriptionIdOf = (user: User): string => user.subscription!.stripeSubscriptionId!

/** The scheduled plan change, as stored by the app. */
export const scheduledChangeOf = async ({ _id }: User) => (await readUser(_id)).subscription?.scheduledChange ?? null

/** Sets the card that pays the plan from now on: `pm_card_chargeCustomerFail`, `pm_card_visa`. */
export async function payWith({ stripe }: StripeForTests, user: User, token: string): Promise<void> {
  const { id } = await stripe.paymentMethods.attach(token, { customer: user.stripeCustomerId! })
  await stripe.subscriptions.update(subscriptionIdOf(user), { default_payment_method: id })
}

/** A user's paid charges, newest first. */
export async function chargesOf({ stripe }: StripeForTests, { _id }: User): Promise<Stripe.Charge[]> {
  const { stripeCustomerId } = await readUser(_id)
  const { data } = await stripe.charges.list({ customer: stripeCustomerId!, limit: 100 })
  return data.filter(({ paid }) => paid)
}

export async function newestCharge(context: StripeForTests, user: User): Promise<Stripe.Charge> {
  const [charge] = await chargesOf(context, user)
  return charge!
}

/** A user's unpaid invoices of the plan, newest first. */
export async function openInvoicesOf({ stripe }: StripeForTests, user: User): Promise<Stripe.Invoice[]> {
  return (await stripe.invoices.list({ subscription: subscriptionIdOf(user), status: 'open' })).data
}

/** Spends under a new key. */
export const spend = ({ _id }: User, credits: number) =>
  spendCredits({ accountId: _id, key: freshKey('spend'), credits, action: 'test' })
