import type Stripe from 'stripe'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import { aCustomer, aPlan } from './harness.ts'

/** April has 30 days. */
export const START = Date.UTC(2026, 3, 1) / 1000

/** A monthly subscriber to Beginner since 1 April, on a test clock; Daily exists as a target for changes. */
export async function subscribed(
  sandbox: StripeSandbox,
  stripe: Stripe,
  { card = 'pm_card_visa', params = {} }: { card?: string; params?: Partial<Stripe.SubscriptionCreateParams> } = {},
) {
  const beginner = await aPlan(stripe)
  const daily = await aPlan(stripe, { name: 'Daily', month: 1800, year: 18_000 })
  const clock = await stripe.testHelpers.testClocks.create({ frozen_time: START })
  const customer = await aCustomer(stripe, card, { test_clock: clock.id })
  const subscription = await stripe.subscriptions.create({
    customer: customer.id,
    items: [{ price: beginner.monthly.id }],
    ...params,
  })
  const advanceTo = async (moment: number) => {
    await stripe.testHelpers.testClocks.advance(clock.id, { frozen_time: moment })
    await sandbox.idle()
  }
  return { beginner, daily, customer, subscription, item: subscription.items.data[0]!.id, advanceTo }
}
