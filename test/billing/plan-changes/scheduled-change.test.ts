import { expect, it } from 'vitest'
import { cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { CardDeclined, StripeUnavailable } from '#app/billing/errors.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, addPrice, sellByHand } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { openInvoicesOf, payWith, subscriber, subscriptionIdOf } from '../customers.ts'
import { Deliveries, historyOf, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

it('a lasting coupon stays with a plan after a downgrade at period end', async () => {
  const user = await subscriber(deliveries, { plan: 'Creator' })
  const { id: coupon } = await context.stripe.coupons.create({ percent_off: 50, duration: 'forever' })
  const id = subscriptionIdOf(user)
  const { discounts } = await context.stripe.subscriptions.update(id, { discounts: [{ coupon }] })

  expect(await changePlan(user, { plan: 'Beginner', interval: 'month' })).toMatchObject({ state: 'scheduled' })
  expect((await context.stripe.subscriptions.retrieve(id)).discounts).toEqual(discounts)
  advance(context, 32)
  await deliveries.deliver()

  expect((await historyOf(user)).at(-1)).toMatchObject({ planName: 'Beginner', amount: 500, creditsAdded: 1000 })
  expect((await context.stripe.subscriptions.retrieve(id)).discounts).toEqual(discounts)
})

it('an upgrade whose card is declined leaves the scheduled downgrade', async () => {
  const user = await subscriber(deliveries, { plan: 'Daily' })
  await changePlan(user, { plan: 'Beginner', interval: 'month' })
  await payWith(context, user, 'pm_card_chargeCustomerFail')
  const up = () => changePlan(user, { plan: 'Creator', interval: 'month' }, { nonce: 'pressed twice' })
  for (const result of await Promise.allSettled([up(), up()])) {
    expect(result).toMatchObject({ status: 'rejected', reason: expect.any(CardDeclined) as unknown })
  }
  expect((await readUser(user._id)).subscription).toMatchObject({
    plan: 'Daily',
    scheduledChange: { plan: 'Beginner', interval: 'month' },
  })
  expect(await openInvoicesOf(context, user)).toEqual([])

  await payWith(context, user, 'pm_card_visa')
  advance(context, 32)
  await deliveries.deliver()
  expect((await historyOf(user)).map(({ planName, amount }) => [planName, amount])).toEqual([
    ['Daily', 1800],
    ['Beginner', 1000],
  ])
})

it('a downgrade that cannot be scheduled leaves the plan canceled, as it was', async () => {
  const user = await subscriber(deliveries, { plan: 'Daily' })
  await cancelAtPeriodEnd(user)
  context.sandbox.faults.api = [{ failure: 500, match: 'POST /v1/subscription_schedules' }]
  await expect(changePlan(user, { plan: 'Beginner', interval: 'month' })).rejects.toThrow(StripeUnavailable)
  context.sandbox.faults.reset()
  await deliveries.deliver()
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', cancelAtPeriodEnd: true })

  expect(await changePlan(user, { plan: 'Beginner', interval: 'month' })).toMatchObject({ state: 'scheduled' })
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', cancelAtPeriodEnd: false })
})

it('a plan whose end was never reported can be bought again at once', async () => {
  const user = await subscriber(deliveries)
  await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
  const { url } = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: 'bought again' })
  context.sandbox.completeCheckout(sessionIdOf(url))
  await deliveries.deliver()
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
})

it('a change to another interval is charged without an add-on in the middle of its year', async () => {
  const quarter = { unit_amount: 4800, recurring: { interval: 'month', interval_count: 3 } } as const
  const price = await addPrice(context, 'scrip_daily_month', quarter)
  const { _id } = await sellByHand(context, [{ price }, { price: await addOnPrice(context, { interval: 'year' }) }])
  await deliveries.deliver()
  const user = await readUser(_id)
  const { after } = await previewPlanChange(user, { plan: 'Beginner', interval: 'year' })
  expect(after).toMatchObject({ next: null, price: { amount: 10_500 } })
  await changePlan(user, { plan: 'Daily', interval: 'month' })
  const { nextPayment, currentPeriodEnd } = (await readUser(_id)).subscription!
  expect(nextPayment).toMatchObject({ amount: 1800, credits: 2000, at: currentPeriodEnd })
  context.sandbox.advance(currentPeriodEnd!.getTime() / 1000 - context.sandbox.now() + 7200)
  await deliveries.deliver()
  expect((await historyOf(user)).at(-1)).toMatchObject({ amount: 1800, creditsAdded: 2000 })
})

it('a change from a quantity of zero at period end sets a quantity of one', async () => {
  const recurring = { interval: 'month', interval_count: 3 } as const
  const price = await addPrice(context, 'scrip_daily_month', { unit_amount: 4800, recurring })
  const { _id } = await sellByHand(context, [{ price, quantity: 0 }])
  await deliveries.deliver()
  const user = await readUser(_id)
  const { after } = await previewPlanChange(user, { plan: 'Creator', interval: 'month' })
  expect(after.next).toMatchObject({ amount: 4000, credits: 5000 })
  await changePlan(user, { plan: 'Creator', interval: 'month' })
  expect((await readUser(_id)).subscription).toMatchObject({ nextPayment: { amount: 4000, credits: 5000 } })
})
