import { expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { planOf } from '#app/billing/entitlements/current-plan.ts'
import { planStatusOf } from '#app/plan-status/plan-status.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aPayer, addPrice, priceBy } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { subscriber, subscriptionIdOf } from '../customers.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

const violations = async () => (await auditGrants()).violations

it('the audit reports a plan edited by hand, two current rows, and lines with other amounts', async () => {
  const user = await subscriber(deliveries)
  advance(context, 32)
  await deliveries.deliver()
  expect(await violations()).toEqual([])
  const _id = user._id

  await UserModel.updateOne({ _id }, { $set: { 'subscription.plan': 'Creator' } })
  expect(await violations()).toEqual([expect.stringContaining('Stripe last said Beginner')])
  await UserModel.updateOne({ _id }, { $set: { 'subscription.plan': 'Beginner' } })

  const [first] = await historyOf(user)
  await BillingHistoryModel.updateOne({ _id: first!._id }, { $set: { isCurrentSubscription: true } })
  expect(await violations()).toEqual([expect.stringContaining('2 rows that are marked as current')])
  await BillingHistoryModel.updateOne({ _id: first!._id }, { $set: { isCurrentSubscription: false } })

  await BillingHistoryModel.updateOne({ _id: first!._id }, { $set: { 'lines.0.credits': 0 } })
  expect(await violations()).toEqual([expect.stringContaining('has lines of 0 credits, its entries grant 1000')])
  await BillingHistoryModel.updateOne({ _id: first!._id }, { $set: { 'lines.0.credits': 1000 } })
})

it('a plan at $0 grants its credits and has a row, and a quantity of zero is Free', async () => {
  const user = await aPayer(context)
  const price = await addPrice(context, 'scrip_creator_month', { unit_amount: 0, recurring: { interval: 'month' } })
  await context.stripe.subscriptions.create({ customer: user.stripeCustomerId, items: [{ price }] })
  await deliveries.deliver()
  expect(await creditsOf(user)).toBe(5000)
  expect(await historyOf(user)).toMatchObject([{ planName: 'Creator', amount: 0, creditsAdded: 5000 }])
  expect(planOf((await readUser(user._id)).subscription).name).toBe('Creator')

  const none = await aPayer(context)
  const items = [{ price: (await priceBy(context, 'scrip_creator_month')).id, quantity: 0 }]
  await context.stripe.subscriptions.create({ customer: none.stripeCustomerId, items })
  await deliveries.deliver()
  expect(await creditsOf(none)).toBe(0)
  expect(planOf((await readUser(none._id)).subscription).name).toBe('Free')
  expect(await violations()).toEqual([])
})

it('free weeks of a paying subscriber are shown as “Next payment on”, not as a trial', async () => {
  const user = await subscriber(deliveries)
  const trial_end = context.sandbox.now() + 14 * 86_400
  await context.stripe.subscriptions.update(subscriptionIdOf(user), { trial_end, proration_behavior: 'none' })
  await deliveries.deliver()
  const { subscription } = await readUser(user._id)
  expect(subscription).toMatchObject({ status: 'trialing', isFreeTime: true })
  const now = new Date(context.sandbox.now() * 1000)
  const shown = planStatusOf(subscription, { now, timeZone: 'UTC', gracePeriodDays: 3, credits: 1000, frozen: null })
  expect(shown).toMatchObject({ badge: { text: 'Active' }, next: { term: 'Next payment on' }, notices: [] })
})
