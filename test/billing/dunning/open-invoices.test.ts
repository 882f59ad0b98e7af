import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { openInvoicesOf, overdueSubscriber, subscriptionIdOf } from '../customers.ts'
import { planPrice, usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
useSandboxClock(context)

/** A subscriber whose renewal failed. */
async function overdue(): Promise<User> {
  const user = await overdueSubscriber(deliveries)
  expect(user.subscription?.status).toBe('past_due')
  return user
}

/** What the portal does when a user enters another card; `elsewhere` leaves the subscription's own card alone. */
async function changeCard(user: User, { card = 'pm_card_visa', elsewhere = false } = {}): Promise<string> {
  const customer = user.stripeCustomerId!
  const { id } = await context.stripe.paymentMethods.attach(card, { customer })
  await context.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  if (!elsewhere) await context.stripe.subscriptions.update(subscriptionIdOf(user), { default_payment_method: id })
  return id
}

describe('a new card after a failed payment', () => {
  it('a new card pays the amount due at once, and the pause ends', async () => {
    const user = await overdue()
    advance(context, 3.5)
    await pauseOverdue()
    expect(await getBalance(user._id)).toMatchObject({ frozen: 'past_due' })
    await changeCard(user)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await openInvoicesOf(context, user)).toEqual([])
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', gracePeriodEnd: null })
    expect(await getBalance(user._id)).toMatchObject({ credits: 2000, frozen: null })
    expect(await historyOf(user)).toHaveLength(2)
  })

  it('a new card is charged for the subscription, even if only the customer’s default was changed', async () => {
    const user = await overdue()
    const card = await changeCard(user, { elsewhere: true })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.status).toBe('active')
    expect((await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))).default_payment_method).toBe(card)
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a declined new card is tried once, and leaves the amount due and the grace period unchanged', async () => {
    const user = await overdue()
    await changeCard(user, { card: 'pm_card_chargeCustomerFail' })
    const attempts = async () => (await context.stripe.charges.list({ customer: user.stripeCustomerId! })).data.length
    expect(new Set(await deliveries.deliver())).toEqual(new Set([200]))
    const tried = await attempts()
    const event = context.sandbox.events('customer.updated').at(-1)!
    for (const copy of [1, 2]) {
      expect((await post(JSON.stringify({ ...event, id: `${event.id}_${copy}` }))).status).toBe(200)
    }
    expect(await attempts()).toBe(tried)
    expect((await readUser(user._id)).subscription).toMatchObject({
      status: 'past_due',
      gracePeriodEnd: user.subscription!.gracePeriodEnd,
    })
    expect(await creditsOf(user)).toBe(1000)
  })

  it('the declined card is left to Stripe’s own retries', async () => {
    const user = await overdue()
    const charges = (await context.stripe.charges.list({ customer: user.stripeCustomerId! })).data
    expect(charges.map(({ status }) => status)).toEqual(['failed', 'succeeded'])
    expect(context.sandbox.events('customer.updated').at(-1)!.data.object).toMatchObject({ delinquent: true })
  })

  it('an older card of the customer is never charged for the invoice', async () => {
    const user = await aUser()
    const customer = await ensureCustomer(user)
    const old = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
    await context.stripe.customers.update(customer, { invoice_settings: { default_payment_method: old.id } })
    advance(context, 1)
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    const known = await readUser(user._id)
    const own = (await context.stripe.subscriptions.retrieve(subscriptionIdOf(known))).default_payment_method
    expect(own).not.toBe(old.id)
    await context.stripe.customers.update(customer, { name: 'Ada' })
    await deliveries.deliver()
    expect((await context.stripe.subscriptions.retrieve(subscriptionIdOf(known))).default_payment_method).toBe(own)
  })
})

describe('an open invoice', () => {
  it('an open invoice marked as paid by bank transfer grants its credits, and nothing is due', async () => {
    const user = await overdue()
    const [open] = await openInvoicesOf(context, user)
    await context.stripe.invoices.pay(open!.id, { paid_out_of_band: true })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', gracePeriodEnd: null })
    expect(await creditsOf(user)).toBe(2000)
    expect((await historyOf(user)).at(-1)).toMatchObject({ stripeInvoiceId: open!.id, creditsAdded: 1000 })
  })

  it('credits of an invoice paid after its month last a month from the payment', async () => {
    beginner.unusedCredits = 'expire'
    const user = await overdue()
    const [open] = await openInvoicesOf(context, user)
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    advance(context, 40)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(0)
    await context.stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000)
    advance(context, 29)
    expect(await creditsOf(user)).toBe(1000)
    advance(context, 10)
    expect(await creditsOf(user)).toBe(0)
  })

  it('canceling at once with an open invoice leads to Free without a pause, and paying later still grants the credits', async () => {
    const user = await overdue()
    const [open] = await openInvoicesOf(context, user)
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', gracePeriodEnd: null })
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })
    await context.stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free' })
    expect((await historyOf(user)).map(({ status }) => status)).toEqual(['cancelled', 'cancelled'])
  })

  it('a plan that dunning ends has that reason, and its owner is informed', async () => {
    const user = await overdue()
    for (let week = 0; week < 6; week++) {
      advance(context, 6)
      await deliveries.deliver()
    }
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', endedReason: 'payment_failed' })
    expect(await historyOf(user)).toMatchObject([{ status: 'cancelled', statusReason: 'payment_failed' }])
    const mails = await NotificationModel.find({ userId: user._id, kind: 'subscription_ended' }).lean()
    expect(mails).toMatchObject([{ data: { plan: 'Beginner', reason: 'payment_failed' } }])
  })

  it('an abandoned first payment leaves no plan, and the plan can be bought again', async () => {
    const user = await aUser()
    const customer = await ensureCustomer(user)
    await context.stripe.subscriptions.create({
      customer,
      items: [{ price: await planPrice('Beginner') }],
      payment_behavior: 'default_incomplete',
    })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toBeNull()
    advance(context, 1)
    await deliveries.deliver()
    const [expired] = (await context.stripe.subscriptions.list({ customer, status: 'all' })).data
    expect(expired?.status).toBe('incomplete_expired')
    expect((await readUser(user._id)).subscription).toBeNull()
    expect(await creditsOf(user)).toBe(0)
    await deliveries.buy({ user, plan: 'Beginner', interval: 'month' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(1000)
  })
})

describe('a process that dies between creating a customer and storing it', () => {
  it('a webhook stores the customer of a process that died, so a purchase days later makes no second one', async () => {
    const user = await aUser()
    const first = await ensureCustomer(user)
    await UserModel.updateOne({ _id: user._id }, { $unset: { stripeCustomerId: true } })
    await deliveries.deliver()
    expect((await readUser(user._id)).stripeCustomerId).toBe(first)
    advance(context, 2)
    expect(await ensureCustomer(user)).toBe(first)
  })

  it('a deleted customer or another user’s is not stored', async () => {
    const user = await aUser()
    const metadata = { app: 'scrip', userId: user._id.toHexString() }
    const { id } = await context.stripe.customers.create({ metadata })
    await context.stripe.customers.del(id)
    await context.stripe.customers.create({ metadata: { ...metadata, app: 'another' } })
    expect(new Set(await deliveries.deliver())).toEqual(new Set([200]))
    expect((await readUser(user._id)).stripeCustomerId).toBeUndefined()
  })
})

it('the books balance after all these invoices', async () => {
  expect((await auditGrants()).violations).toEqual([])
  expect((await auditCredits()).violations).toEqual([])
})
