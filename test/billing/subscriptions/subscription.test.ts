import { randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { cancelAtPeriodEnd, undoCancellation } from '#app/billing/plan-changes/cancel.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { NoSubscription } from '#app/billing/errors.ts'
import { listBillingHistory } from '#app/billing/purchases/list-history.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { createPortalSession } from '#app/billing/customers/billing-portal.server.ts'
import { syncSubscriptions } from '#app/billing/subscriptions/sync-subscriptions.server.ts'
import { toEvent } from '#app/billing/webhooks/event.ts'
import { takeEvent } from '#app/billing/webhooks/receive.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { openInvoicesOf, overdueSubscriber, payWith, subscriber, subscriptionIdOf } from '../customers.ts'
import { planPrice } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
useSandboxClock(context)

describe('a renewal', () => {
  it('a renewal adds the next month, and the newest row is the current one', async () => {
    const user = await subscriber(deliveries)
    advance(context, 32)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect((await historyOf(user)).map((row) => row.isCurrentSubscription)).toEqual([false, true])
    expect((await readUser(user._id)).subscription?.currentPeriodEnd).not.toEqual(user.subscription?.currentPeriodEnd)
  })

  it('a failed renewal is past due, pauses spending after three days of grace, and paying ends the pause', async () => {
    const user = await overdueSubscriber(deliveries)
    expect(user.subscription?.status).toBe('past_due')
    const { gracePeriodEnd } = user.subscription!
    expect(gracePeriodEnd).toBeInstanceOf(Date)
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })

    // Another event does not extend the grace period.
    advance(context, 1)
    await syncSubscriptions(user._id)
    expect((await readUser(user._id)).subscription?.gracePeriodEnd).toEqual(gracePeriodEnd)

    setNow(() => new Date(gracePeriodEnd!.getTime() + 1000))
    await pauseOverdue()
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: 'past_due' })

    const [open] = await openInvoicesOf(context, user)
    await context.stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', gracePeriodEnd: null })
    expect(await getBalance(user._id)).toMatchObject({ credits: 2000, frozen: null })
  })

  it('a renewal that keeps failing ends the plan with its rows canceled and its reason, and the credits stay', async () => {
    const user = await subscriber(deliveries)
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    advance(context, 32)
    advance(context, 40)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({
      stripeSubscriptionId: null,
      plan: 'Free',
      endedReason: 'payment_failed',
    })
    expect(await historyOf(user)).toMatchObject([
      { status: 'cancelled', statusReason: 'payment_failed', isCurrentSubscription: false },
    ])
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })
  })
})

describe('cancellation', () => {
  it('a cancellation takes effect at period end and can be undone', async () => {
    const user = await subscriber(deliveries)
    expect((await cancelAtPeriodEnd(user, { feedback: 'unused' })).subscription).toMatchObject({
      status: 'active',
      cancelAtPeriodEnd: true,
    })
    expect((await undoCancellation(user)).subscription).toMatchObject({ cancelAtPeriodEnd: false })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', cancelAtPeriodEnd: false })
  })

  it('a cancellation ends the plan at period end', async () => {
    const user = await subscriber(deliveries)
    await cancelAtPeriodEnd(user)
    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({
      stripeSubscriptionId: null,
      plan: 'Free',
      status: 'canceled',
      endedReason: 'cancellation_requested',
    })
    expect(await listBillingHistory(user._id)).toMatchObject([
      { status: 'cancelled', statusReason: 'cancellation_requested', isCurrentSubscription: false },
    ])
    expect(await creditsOf(user)).toBe(1000)
    await expect(undoCancellation(user)).rejects.toThrow(NoSubscription)
  })

  it('a late event of an old subscription does not touch the new one (H38)', async () => {
    const user = await subscriber(deliveries)
    await context.stripe.subscriptions.cancel(subscriptionIdOf(user))
    const deleted = context.sandbox.events('customer.subscription.deleted').at(-1)!
    await deliveries.deliver()
    await deliveries.buy({ user, plan: 'Daily', interval: 'month' })
    await deliveries.deliver()
    const late = { ...deleted, id: 'evt_late' }
    expect((await takeEvent(toEvent(late), late)).handled).toBe(true)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    expect((await historyOf(user)).map(({ status }) => status)).toEqual(['cancelled', 'active'])
  })
})

describe('two subscriptions', () => {
  it('of two subscriptions bought in two tabs the newest stays, and the other’s money and credits are returned (H39)', async () => {
    const user = await aUser()
    const open = async (plan: string) => {
      const { url } = await createCheckout({ user, plan, interval: 'month' }, { nonce: randomUUID() })
      return sessionIdOf(url)
    }
    const [first, second] = [await open('Beginner'), await open('Daily')]
    context.sandbox.completeCheckout(first)
    context.sandbox.advance(5)
    context.sandbox.completeCheckout(second)
    await deliveries.deliver()
    await deliveries.deliver()
    const live = await context.stripe.subscriptions.list({ customer: (await readUser(user._id)).stripeCustomerId! })
    expect(live.data).toHaveLength(1)
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    // 1000 and 2000 were bought; nearly all of the 1000 were reversed, as nearly all of their money was returned.
    expect(await creditsOf(user)).toBeLessThanOrEqual(2001)
    expect(await creditsOf(user)).toBeGreaterThanOrEqual(2000)
    // The row of the invoice that credited the unused time states the credits it took, and the rows add up to the balance.
    const given = (await historyOf(user)).map(({ creditsAdded }) => creditsAdded)
    expect(given.filter((credits) => credits < 0)).toHaveLength(1)
    expect(given.reduce((sum, credits) => sum + credits, 0)).toBe(await creditsOf(user))
    expect((await readUser(user._id)).subscription?.previousSubscriptionIds).toHaveLength(1)
    expect((await auditGrants()).violations).toEqual([])
  })

  it('of two subscriptions bought in the same second the newest stays (H39)', async () => {
    const user = await aUser()
    const sessions = []
    for (const plan of ['Beginner', 'Daily']) {
      const { url } = await createCheckout({ user, plan, interval: 'month' }, { nonce: randomUUID() })
      sessions.push(sessionIdOf(url))
    }
    for (const session of sessions) context.sandbox.completeCheckout(session)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
  })

  it('a second subscription beside an unpaid one returns neither money nor credits that were never there (H39)', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    await payWith(context, user, 'pm_card_chargeCustomerFail')
    advance(context, 32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'past_due' })
    const good = await context.stripe.paymentMethods.attach('pm_card_visa', { customer })
    const price = await planPrice('Daily')
    await context.stripe.subscriptions.create({ customer, items: [{ price }], default_payment_method: good.id })
    await deliveries.deliver()
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    expect((await context.stripe.subscriptions.retrieve(subscriptionIdOf(user))).status).toBe('canceled')
    const after = await context.stripe.customers.retrieve(customer)
    expect(after).toMatchObject({ balance: 0 })
    expect(await creditsOf(user)).toBe(3000)
  })
})

describe('the portal', () => {
  it('the portal opens for the user’s own customer, with one configuration of ours', async () => {
    const user = await subscriber(deliveries)
    const { url } = await createPortalSession(user)
    expect(url).toMatch(/^http/)
    expect((await createPortalSession(user, { updateCard: true })).url).not.toBe(url)
    const { data } = await context.stripe.billingPortal.configurations.list()
    expect(data.filter(({ metadata }) => metadata?.app === 'scrip')).toHaveLength(1)
  })
})

describe('the books', () => {
  it('the books balance after all these subscriptions', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
