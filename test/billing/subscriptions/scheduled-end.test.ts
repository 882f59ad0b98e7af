import { expect, it } from 'vitest'
import { cancelAtPeriodEnd, undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { EndSetByShop } from '#app/billing/errors.ts'
import { planStatusOf } from '#app/plan-status/plan-status.ts'
import { loader } from '#app/routes/_app.billing.cancel/route.tsx'
import { NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { addOnPrice, sellByHand } from '../by-hand.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { subscriber, subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
useSandboxClock(context)
const deliveries = new Deliveries(context)

const DAY_MS = 86_400_000

/** The shop sets the plan's end this many days after its period. */
async function endByShop(user: User, days: number): Promise<Date> {
  const end = new Date(user.subscription!.currentPeriodEnd!.getTime() + days * DAY_MS)
  await context.stripe.subscriptions.update(subscriptionIdOf(user), { cancel_at: end.getTime() / 1000 })
  await deliveries.deliver()
  return end
}

const atStripe = (user: User) => context.stripe.subscriptions.retrieve(subscriptionIdOf(user))

it('a plan that the shop ends in a later period renews before that, and the page states both', async () => {
  const user = await subscriber(deliveries)
  const end = await endByShop(user, 10)
  const { subscription } = await readUser(user._id)
  expect(subscription).toMatchObject({ cancelAtPeriodEnd: false, cancelAt: end })
  const now = new Date(context.sandbox.now() * 1000)
  const standing = planStatusOf(subscription, { now, timeZone: 'UTC', gracePeriodDays: 3, credits: 0, frozen: null })
  expect(standing.next).toMatchObject({ term: 'Renews on' })
  expect(standing.notices).toMatchObject([
    { text: expect.stringMatching(/renews on .+ and ends on /) as string, action: null },
  ])

  advance(context, 32)
  await deliveries.deliver()
  expect(await historyOf(user)).toHaveLength(2)
  expect((await readUser(user._id)).subscription).toMatchObject({ cancelAtPeriodEnd: true, cancelAt: end })
})

it('the customer can cancel before that day, and undoing it keeps the shop’s day', async () => {
  const user = await subscriber(deliveries)
  const end = await endByShop(user, 10)
  const canceled = await cancelAtPeriodEnd(user)
  expect(canceled.subscription).toMatchObject({
    cancelAtPeriodEnd: true,
    cancelAt: user.subscription?.currentPeriodEnd,
  })
  const resumed = await undoCancellation(user)
  expect(resumed.subscription).toMatchObject({ cancelAtPeriodEnd: false, cancelAt: end })
  expect(await atStripe(user)).toMatchObject({ cancel_at: end.getTime() / 1000, cancel_at_period_end: false })
})

it('a day set by the shop within the period cannot be undone', async () => {
  const user = await subscriber(deliveries)
  const end = await endByShop(user, -10)
  await expect(undoCancellation(user)).rejects.toThrow(EndSetByShop)
  expect(await atStripe(user)).toMatchObject({ cancel_at: end.getTime() / 1000 })
})

it('a yearly plan beside a monthly add-on ends with its year, not with the add-on’s month', async () => {
  const items = [{ price: await addOnPrice(context) }, { price: await planPrice('Daily', 'year') }]
  const { _id } = await sellByHand(context, items)
  await deliveries.deliver()
  const user = await readUser(_id)
  const { currentPeriodEnd } = user.subscription!
  const canceled = await cancelAtPeriodEnd(user)
  expect(canceled.subscription).toMatchObject({ cancelAtPeriodEnd: true, cancelAt: currentPeriodEnd })
  advance(context, 40)
  await deliveries.deliver()
  expect((await readUser(_id)).subscription).toMatchObject({ plan: 'Daily', cancelAt: currentPeriodEnd })
  expect((await undoCancellation(user)).subscription).toMatchObject({ cancelAtPeriodEnd: false, cancelAt: null })
})

it('the charges until a canceled plan ends are stated before, after and by mail', async () => {
  const items = [{ price: await addOnPrice(context) }, { price: await planPrice('Daily', 'year') }]
  const { _id } = await sellByHand(context, items)
  await deliveries.deliver()
  const user = await readUser(_id)
  const { url, headers } = await visitAs(user, '/billing/cancel')
  const page = await loader({ request: new Request(url, { headers }), params: {}, context: {} })
  expect(page).toMatchObject({ charged: expect.stringMatching(/charged until then: next \$5\.00 on /) as string })

  const { subscription } = await cancelAtPeriodEnd(user)
  const now = new Date(context.sandbox.now() * 1000)
  const standing = planStatusOf(subscription, { now, timeZone: 'UTC', gracePeriodDays: 3, credits: 0, frozen: null })
  expect(standing.next).toMatchObject({ term: 'Ends on', note: expect.stringContaining('next $5.00 on') as string })
  const mail = await NotificationModel.findOne({ userId: _id, kind: 'subscription_canceled' }).lean()
  expect(mail?.data).toMatchObject({ next: { amount: 500, currency: 'usd' } })
})
