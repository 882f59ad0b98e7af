import { describe, expect, it } from 'vitest'
import { getBalance } from '#app/credits/balance.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, advanceToRenewal, useSandboxClock } from '../clock.ts'
import { subscriber } from '../customers.ts'
import { planPrice, usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

describe('unused credits at a renewal', () => {
  it('unused credits roll over up to a cap', async () => {
    beginner.unusedCredits = { cap: 300 }
    const user = await subscriber(deliveries)
    expect(await creditsOf(user)).toBe(1000)
    advance(context, 32)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await creditsOf(user)).toBe(1300)
  })

  it('unused credits that expire do so after the grace period (H35)', async () => {
    beginner.unusedCredits = 'expire'
    const user = await subscriber(deliveries)
    await advanceToRenewal(context, user)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000)
    advance(context, 4)
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('a yearly plan in monthly shares', () => {
  it('a yearly plan in monthly shares grants a month at payment and the others later, and the row counts all', async () => {
    beginner.yearlyCredits = 'monthly'
    const user = await subscriber(deliveries, { interval: 'year' })
    expect(await creditsOf(user)).toBe(1000)
    expect(await historyOf(user)).toMatchObject([{ creditsAdded: 12_000, interval: 'year' }])
    advance(context, 32)
    expect(await creditsOf(user)).toBe(2000)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a 50% refund of a yearly plan in monthly shares first takes the shares that have not started', async () => {
    beginner.yearlyCredits = 'monthly'
    const user = await subscriber(deliveries, { interval: 'year' })
    const [charge] = (await context.stripe.charges.list({ customer: user.stripeCustomerId! })).data
    await context.stripe.refunds.create({ charge: charge!.id, amount: 5000 })
    await deliveries.deliver()
    const { credits, grants } = await getBalance(user._id)
    expect(credits).toBe(1000)
    expect(grants.reduce((sum, grant) => sum + grant.remaining + (grant.started ? 0 : grant.granted), 0)).toBe(6000)
  })
})

describe('a trial', () => {
  it('a trial grants its own credits once, then the first paid month', async () => {
    beginner.trial = { days: 7, credits: 50 }
    const user = await subscriber(deliveries)
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'trialing', plan: 'Beginner' })
    expect(await creditsOf(user)).toBe(50)
    advance(context, 8)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active' })
    expect(await creditsOf(user)).toBe(1050)

    await context.stripe.subscriptions.cancel(user.subscription!.stripeSubscriptionId!)
    await deliveries.deliver()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active' })
    expect(await creditsOf(user)).toBe(2050)
  })
})

describe('a signed event about objects that Stripe no longer knows', () => {
  it('a signed event in the shape before 2025-03-31 about unknown objects takes effect once', async () => {
    const user = await aUser()
    await UserModel.updateOne({ _id: user._id }, { $set: { stripeCustomerId: 'cus_before_basil' } })
    const price = await planPrice('Beginner')
    const created = Math.floor(Date.now() / 1000)
    const period = { start: created, end: created + 30 * 86_400 }
    const invoice = {
      id: 'in_before_basil',
      object: 'invoice',
      customer: 'cus_before_basil',
      subscription: 'sub_before_basil',
      status: 'paid',
      paid: true,
      currency: 'usd',
      amount_paid: 1000,
      amount_due: 1000,
      total: 1000,
      created,
      billing_reason: 'subscription_create',
      lines: {
        data: [
          { id: 'il_1', amount: 1000, currency: 'usd', quantity: 1, period, price: { id: price, unit_amount: 1000 } },
        ],
      },
    }
    const subscription = {
      id: 'sub_before_basil',
      customer: 'cus_before_basil',
      status: 'active',
      created,
      cancel_at_period_end: false,
      current_period_start: period.start,
      current_period_end: period.end,
      items: { data: [{ id: 'si_1', price: { id: price }, quantity: 1 }] },
    }
    const event = (type: string, object: object) =>
      post(JSON.stringify({ id: `evt_${type}`, type, api_version: '2024-06-20', livemode: false, data: { object } }))
    expect((await event('invoice.payment_succeeded', invoice)).status).toBe(200)
    expect((await event('invoice.paid', invoice)).status).toBe(200)
    expect((await event('customer.subscription.created', subscription)).status).toBe(200)
    expect(await creditsOf(user)).toBe(1000)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    const deleted = { ...subscription, status: 'canceled', cancellation_details: { reason: 'payment_failed' } }
    expect((await event('customer.subscription.deleted', deleted)).status).toBe(200)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled', statusReason: 'payment_failed' }])
  })
})
