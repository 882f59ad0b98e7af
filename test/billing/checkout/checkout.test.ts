import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { checkoutStatus } from '#app/billing/checkout/checkout-status.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { AlreadySubscribed, PackNotFound, PlanNotFound } from '#app/billing/errors.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

describe('a customer', () => {
  it('one user has one customer, however many tabs ask at once (H31)', async () => {
    const user = await aUser()
    const ids = await Promise.all(Array.from({ length: 12 }, () => ensureCustomer(user)))
    expect(new Set(ids).size).toBe(1)
    const customer = await context.stripe.customers.retrieve(ids[0]!)
    expect(customer).toMatchObject({
      email: user.email,
      metadata: { app: 'scrip', userId: user._id.toHexString() },
    })
  })

  it('a customer deleted at Stripe is created again (H31)', async () => {
    const user = await aUser()
    const first = await ensureCustomer(user)
    await context.stripe.customers.del(first)
    const second = await ensureCustomer(user)
    expect(second).not.toBe(first)
    expect((await readUser(user._id)).stripeCustomerId).toBe(second)
  })
})

describe('createCheckout', () => {
  it('createCheckout opens a page for a plan that identifies the buyer and the plan', async () => {
    const user = await aUser()
    const { url } = await createCheckout({ user, plan: 'Daily', interval: 'year' }, { nonce: randomUUID() })
    const session = await context.stripe.checkout.sessions.retrieve(sessionIdOf(url))
    expect(session).toMatchObject({
      mode: 'subscription',
      status: 'open',
      billing_address_collection: 'required',
      client_reference_id: user._id.toHexString(),
      amount_total: 18_000,
      metadata: { app: 'scrip', userId: user._id.toHexString(), plan: 'Daily', interval: 'year' },
      success_url: 'http://localhost:3000/billing/success?session_id={CHECKOUT_SESSION_ID}',
    })
  })

  it('a double click opens one page, and another form opens another (H30)', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    const buy = (key: string) => createCheckout({ user, pack: '500' }, { nonce: key })
    const [one, two] = await Promise.all([buy(nonce), buy(nonce)])
    expect(one.url).toBe(two.url)
    expect((await buy(randomUUID())).url).not.toBe(one.url)
  })

  it('a form whose page was already paid opens a new page (H30)', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    const first = await createCheckout({ user, pack: '500' }, { nonce })
    context.sandbox.completeCheckout(sessionIdOf(first.url))
    const second = await createCheckout({ user, pack: '500' }, { nonce })
    expect(sessionIdOf(second.url)).not.toBe(sessionIdOf(first.url))
    context.sandbox.completeCheckout(sessionIdOf(second.url))
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
  })

  it('createCheckout refuses what is not for sale', async () => {
    const user = await aUser()
    const nonce = randomUUID()
    await expect(createCheckout({ user, plan: 'Free', interval: 'month' }, { nonce })).rejects.toThrow(PlanNotFound)
    await expect(createCheckout({ user, plan: 'constructor', interval: 'month' }, { nonce })).rejects.toThrow(
      PlanNotFound,
    )
    await expect(createCheckout({ user, pack: '7' }, { nonce })).rejects.toThrow(PackNotFound)
  })

  it('createCheckout refuses a second subscription, and sells packs beside one', async () => {
    const user = await aUser()
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    const nonce = randomUUID()
    await expect(createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce })).rejects.toThrow(
      AlreadySubscribed,
    )
    expect((await createCheckout({ user, pack: '500' }, { nonce })).url).toMatch(/^http/)
  })

  it('createCheckout gives no trial for a plan without one, and no second trial', async () => {
    const user = await aUser()
    await UserModel.updateOne({ _id: user._id }, { $set: { subscription: null } })
    const { url } = await createCheckout({ user, plan: 'Daily', interval: 'month' }, { nonce: randomUUID() })
    context.sandbox.completeCheckout(sessionIdOf(url))
    const [subscription] = (await context.stripe.subscriptions.list({ limit: 1 })).data
    expect(subscription?.trial_end).toBeNull()
  })
})

describe('checkoutStatus', () => {
  it('checkoutStatus of a plan waits for the webhook, and then reports its credits', async () => {
    const user = await aUser()
    await deliveries.deliver()
    const session = await deliveries.buy({ user, plan: 'Creator', interval: 'month' })
    expect(await checkoutStatus(user, session)).toEqual({ state: 'waiting', credits: 5000 })
    await deliveries.deliver()
    expect(await checkoutStatus(await readUser(user._id), session)).toEqual({ state: 'arrived', credits: 5000 })
  })

  it('checkoutStatus of a pack waits for the webhook, and then reports its credits', async () => {
    const user = await aUser()
    const session = await deliveries.buy({ user, pack: '10000' })
    expect(await checkoutStatus(user, session)).toEqual({ state: 'waiting', credits: 10_000 })
    await deliveries.deliver()
    expect(await checkoutStatus(user, session)).toEqual({ state: 'arrived', credits: 10_000 })
  })

  it('checkoutStatus reveals nothing about other users’ sessions', async () => {
    const [user, other] = [await aUser(), await aUser()]
    const session = await deliveries.buy({ user, pack: '500' })
    const unknown = { state: 'unknown', credits: null }
    expect(await checkoutStatus(other, session)).toEqual(unknown)
    expect(await checkoutStatus(user, 'cs_test_nothing')).toEqual(unknown)
    expect(await checkoutStatus(user, '../../etc/passwd')).toEqual(unknown)
    expect(await checkoutStatus(user, '')).toEqual(unknown)
  })
})
