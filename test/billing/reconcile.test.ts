import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/audit-grants.server.ts'
import { reconcile } from '#app/billing/reconcile.server.ts'
import { setNow } from '#app/clock.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser } from './scenario.ts'
import { useStripe } from './stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
afterEach(() => setNow(null))

const nothing = { done: [], failed: [] }

describe('reconcile', () => {
  it('does what no webhook told of, and nothing the second time', async () => {
    const [subscriber, buyer, refunded] = [await aUser(), await aUser(), await aUser()]
    await deliveries.buy({ user: subscriber, plan: 'Daily', interval: 'month' })
    await deliveries.buy({ user: buyer, pack: '500' })
    await deliveries.buy({ user: refunded, plan: 'Beginner', interval: 'month' })
    const { stripeCustomerId } = await readUser(refunded._id)
    const [charge] = (await context.stripe.charges.list({ customer: stripeCustomerId! })).data
    await context.stripe.refunds.create({ charge: charge!.id, amount: 500 })

    const first = await reconcile()
    expect(first?.failed).toEqual([])
    expect(first?.done.length).toBeGreaterThan(3)
    expect(await creditsOf(subscriber)).toBe(2000)
    expect(await creditsOf(buyer)).toBe(500)
    expect(await creditsOf(refunded)).toBe(500)
    expect((await readUser(subscriber._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })

    expect(await reconcile()).toMatchObject(nothing)
    expect(await reconcile({ since: new Date(0) })).toMatchObject(nothing)
    await deliveries.deliver()
    expect(await creditsOf(subscriber)).toBe(2000)
    expect((await auditGrants()).violations).toEqual([])
  })

  it('H40: finds by walking the objects what events do not tell of any more', async () => {
    const [subscriber, buyer] = [await aUser(), await aUser()]
    await deliveries.buy({ user: subscriber, plan: 'Daily', interval: 'month' })
    await deliveries.buy({ user: buyer, pack: '2000' })
    // As if Stripe had dropped the events: all of them are marked as dealt with.
    const receivedAt = new Date()
    for (const { id, type } of deliveries.waiting() as { id: string; type: string }[]) {
      await WebhookEventModel.create({ _id: id, type, payload: {}, status: 'processed', receivedAt })
    }
    const result = await reconcile()
    expect(result).toMatchObject({ failed: [] })
    expect(await creditsOf(subscriber)).toBe(2000)
    expect(await historyOf(subscriber)).toHaveLength(1)
    expect(await PaymentModel.countDocuments({ userId: buyer._id })).toBe(1)
    expect(await reconcile({ since: new Date(0) })).toMatchObject(nothing)
  })

  it('ends a plan whose end was never told of', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    const id = (await readUser(user._id)).subscription!.stripeSubscriptionId!
    await context.stripe.subscriptions.cancel(id)
    await reconcile()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled' }])
  })

  it('runs once at a time', async () => {
    const runs = await Promise.all(Array.from({ length: 5 }, () => reconcile()))
    expect(runs.filter((run) => run !== null)).toHaveLength(1)
  })

  it('carries on with events that failed', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    const [event] = deliveries.waiting('invoice.paid') as { id: string; type: string }[]
    await WebhookEventModel.create({
      _id: event!.id,
      type: event!.type,
      payload: event,
      status: 'failed',
      attempts: 3,
      receivedAt: new Date(),
    })
    await reconcile()
    expect(await creditsOf(user)).toBe(1000)
    expect(await WebhookEventModel.findById(event!.id).lean()).toMatchObject({ status: 'processed', attempts: 4 })
  })
})
