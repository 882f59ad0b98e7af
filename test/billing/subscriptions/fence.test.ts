import { afterEach, expect, it, vi } from 'vitest'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
afterEach(() => vi.restoreAllMocks())

it('an answer of Stripe from before another write is never written after it (H38)', async () => {
  const user = await aUser()
  const session = await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
  const { subscription } = await context.stripe.checkout.sessions.retrieve(session)
  const updateOne = UserModel.updateOne.bind(UserModel)
  let interleaved = false
  // The slow process has Stripe's answer and is about to write when a fast one reads a newer state and writes it.
  vi.spyOn(UserModel, 'updateOne').mockImplementation(((...args: Parameters<typeof updateOne>) => {
    const isSlowWrite = !interleaved && JSON.stringify(args[1]).includes('"subscription"')
    if (!isSlowWrite) return updateOne(...args)
    interleaved = true
    return (async () => {
      await context.stripe.subscriptions.update(subscription as string, { cancel_at_period_end: true })
      // The write of the other process is made by hand, since syncs within one process wait for each other.
      const { subscription: stored } = (args[1] as { $set: unknown }).$set as { subscription: object }
      const newer = { ...stored, cancelAtPeriodEnd: true, version: 'of another process' }
      await UserModel.collection.updateOne({ _id: user._id }, { $set: { subscription: newer } })
      return updateOne(...args)
    })()
  }) as typeof UserModel.updateOne)

  await syncSubscriptions(user._id)

  expect(interleaved).toBe(true)
  expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', cancelAtPeriodEnd: true })
})
