import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { scheduledChangeOf, subscriber, subscriptionIdOf } from '../customers.ts'
import { aUser, creditsOf, Deliveries, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

/* What customers complain about when they buy, change and leave. */

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

describe('“I asked for the smaller plan and still pay for the big one”', () => {
  const choice = { plan: 'Beginner', interval: 'month' as const }

  it('a downgrade sent twice stays scheduled, and the smaller plan follows', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const nonce = randomUUID()
    for (let click = 0; click < 2; click++) {
      expect(await changePlan(user, choice, { nonce })).toMatchObject({ state: 'scheduled' })
    }
    expect(await scheduledChangeOf(user)).toMatchObject(choice)
    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
  })

  it('a double click on a downgrade leaves the smaller plan scheduled', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const nonce = randomUUID()
    await Promise.allSettled([changePlan(user, choice, { nonce }), changePlan(user, choice, { nonce })])
    expect(await scheduledChangeOf(user)).toMatchObject(choice)
  })
})

describe('“there are two of me”', () => {
  it('several clicks on “buy” make one customer for one user (complaints 31, 60)', async () => {
    const user = await aUser()
    const userId = user._id.toHexString()
    const buy = (pack: string) => createCheckout({ user, pack }, { nonce: randomUUID() })
    await Promise.all(['500', '2000', '10000', '500'].map(buy))
    const { data } = await context.stripe.customers.list({ limit: 100 })
    expect(data.filter(({ metadata }) => metadata.userId === userId)).toHaveLength(1)
  })

  it('an upgrade opens no second subscription (complaints 31, 60)', async () => {
    const user = await subscriber(deliveries)
    await changePlan(user, { plan: 'Creator', interval: 'month' })
    await deliveries.deliver()
    const { data } = await context.stripe.subscriptions.list({ customer: user.stripeCustomerId!, status: 'all' })
    expect(data.map(({ id }) => id)).toEqual([subscriptionIdOf(user)])
  })
})

describe('“I was told that it failed, and it had not”', () => {
  const debit = async (user: User, account: string) => {
    const customer = await ensureCustomer(user)
    const price_data = { currency: 'eur', unit_amount: 600, product_data: { name: '500 credits' } }
    const { id } = await context.stripe.checkout.sessions.create({
      mode: 'payment',
      customer,
      allowed_payment_method_types: ['card', 'sepa_debit'],
      metadata: { app: 'scrip', userId: user._id.toHexString(), pack: '500' },
      line_items: [{ price_data, quantity: 1 }],
      success_url: 'http://localhost:3000/billing/success',
    })
    context.sandbox.completeCheckout(id, { card: account })
  }

  it('a bank debit that takes days grants no credits and is no failure until it is decided (1.6, complaint 58)', async () => {
    const user = await aUser()
    await debit(user, 'AT611904300234573201')
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(0)
    advance(context, 1)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await creditsOf(user)).toBe(500)
  })

  it('a bank debit that fails grants nothing (1.6, complaint 58)', async () => {
    const user = await aUser()
    await debit(user, 'AT861904300235473202')
    advance(context, 1)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(0)
  })
})

describe('“you deleted me, and I still pay”', () => {
  it('a customer deleted at Stripe is on the free plan and keeps the credits (complaint 57)', async () => {
    const user = await subscriber(deliveries)
    await context.stripe.customers.del(user.stripeCustomerId!)
    await deliveries.deliver()
    const after = await readUser(user._id)
    expect(after.subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(after.stripeCustomerId).toBeUndefined()
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('the books', () => {
  it('the books balance after all these purchases', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
