import { afterEach, expect, it, vi } from 'vitest'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { reconcile } from '#app/billing/reconcile/reconcile.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { setNow } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
afterEach(() => {
  setNow(null)
  vi.restoreAllMocks()
})

const DAY_MS = 86_400_000
/** The app's clock, this many days from now. */
const daysOn = (days: number): Date => {
  const at = new Date(Date.now() + days * DAY_MS)
  setNow(() => at)
  return at
}

it.each([
  ['too short a time', -1],
  ['a time in the future', 400],
])('a run over %s does not skip what was missed', async (_, days) => {
  await reconcile()
  const user = await aUser()
  await deliveries.buy({ user, pack: '500' })
  const later = daysOn(10)

  await reconcile({ since: new Date(later.getTime() + days * DAY_MS) })
  expect(await creditsOf(user)).toBe(0)
  await reconcile()
  expect(await creditsOf(user)).toBe(500)
})

it('payments made after a clock that ran days ahead was corrected are found', async () => {
  daysOn(10)
  await reconcile()
  setNow(null)
  const user = await aUser()
  await deliveries.buy({ user, pack: '500' })
  await reconcile()
  expect(await creditsOf(user)).toBe(500)
})

it('a plan on a second customer of a user is theirs too, also without an event', async () => {
  deliveries.take()
  const user = await aUser()
  await ensureCustomer(user)
  const metadata = { app: 'scrip', userId: user._id.toHexString() }
  const { id: customer } = await context.stripe.customers.create({ metadata })
  const { id: card } = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
  const { id: price } = (await context.stripe.prices.list({ lookup_keys: ['scrip_daily_month'] })).data[0]!
  const items = [{ price }]
  const { id } = await context.stripe.subscriptions.create({ customer, items, default_payment_method: card })
  // As if its events were older than Stripe keeps them.
  const settled = { payload: {}, status: 'processed' as const, receivedAt: new Date() }
  await WebhookEventModel.insertMany(
    deliveries.take().map((event) => ({ _id: event.id, type: event.type, ...settled })),
  )

  expect(await reconcile({ since: new Date(0) })).toMatchObject({ failed: [], unclaimed: [] })
  expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', stripeSubscriptionId: id })
  expect(await creditsOf(user)).toBe(2000)
  expect(await reconcile({ since: new Date(0) })).toMatchObject({ done: [], failed: [], unclaimed: [] })
})

it('a user whose pause fails does not block the pauses of others', async () => {
  const users = [await aUser(), await aUser(), await aUser()]
  const subscription = { stripeSubscriptionId: 'sub_1', plan: 'Daily', status: 'past_due', version: 'one' }
  for (const { _id } of users) {
    await UserModel.updateOne({ _id }, { $set: { subscription: { ...subscription, gracePeriodEnd: new Date(0) } } })
  }
  const findById = UserModel.findById.bind(UserModel)
  vi.spyOn(UserModel, 'findById').mockImplementation(((id: unknown) => {
    if (String(id) === users[0]!._id.toHexString()) throw new Error('This one cannot be read')
    return findById(id)
  }) as typeof UserModel.findById)

  await expect(pauseOverdue()).resolves.toBe(3)
  const frozen = await Promise.all(users.map(async ({ _id }) => (await getBalance(_id)).frozen))
  expect(frozen).toEqual([null, 'past_due', 'past_due'])
})

it('the very first run looks back to the first user, however long ago', async () => {
  const user = await aUser()
  await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
  const bought = deliveries.waiting() as { id: string; type: string }[]
  for (const { id, type } of bought) {
    await WebhookEventModel.create({ _id: id, type, payload: {}, status: 'processed', receivedAt: new Date() })
  }
  daysOn(100)
  await reconcile()
  expect(await creditsOf(user)).toBe(1000)
})
