import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/audit-grants.server.ts'
import {
  cancelAtPeriodEnd,
  changePlan,
  previewPlanChange,
  resumeSubscription,
} from '#app/billing/change-plan.server.ts'
import { createCheckout } from '#app/billing/checkout.server.ts'
import { AlreadySubscribed, NoSubscription } from '#app/billing/errors.ts'
import { listBillingHistory } from '#app/billing/history.server.ts'
import { pauseOverdue } from '#app/billing/spending-pause.server.ts'
import { createPortalSession } from '#app/billing/portal.server.ts'
import { findScheduledChange } from '#app/billing/scheduled-change.server.ts'
import { readSubscription } from '#app/billing/stripe-shapes/subscription.ts'
import { syncSubscriptions } from '#app/billing/subscription.server.ts'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { aUser, creditsOf, Deliveries, historyOf, readUser, sessionIdOf } from './scenario.ts'
import { useStripe } from './stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
afterEach(() => setNow(null))

const DAY = 86_400
/** The app's clock follows the sandbox's, as in local mode. */
const advance = (days: number) => {
  context.sandbox.advance(days * DAY)
  setNow(() => new Date(context.sandbox.now() * 1000))
}

async function subscriber(plan = 'Beginner', interval: 'month' | 'year' = 'month', card?: string) {
  setNow(() => new Date(context.sandbox.now() * 1000))
  const user = await aUser()
  await deliveries.buy({ user, plan, interval }, card)
  await deliveries.deliver()
  return readUser(user._id)
}

describe('a renewal', () => {
  it('adds the next month, and the newest row is the current one', async () => {
    const user = await subscriber()
    advance(32)
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(2000)
    expect((await historyOf(user)).map((row) => row.isCurrentSubscription)).toEqual([false, true])
    expect((await readUser(user._id)).subscription?.currentPeriodEnd).not.toEqual(user.subscription?.currentPeriodEnd)
  })

  it('that fails: past due, three days of grace, then spending pauses; paying ends all that', async () => {
    const user = await subscriber()
    const failing = await context.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: user.stripeCustomerId!,
    })
    const subscription = user.subscription!.stripeSubscriptionId!
    await context.stripe.subscriptions.update(subscription, { default_payment_method: failing.id })
    advance(32)
    await deliveries.deliver()
    const overdue = await readUser(user._id)
    expect(overdue.subscription?.status).toBe('past_due')
    const { gracePeriodEnd } = overdue.subscription!
    expect(gracePeriodEnd).toBeInstanceOf(Date)
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: null })

    // Another event does not prolong the grace.
    advance(1)
    await syncSubscriptions(user._id)
    expect((await readUser(user._id)).subscription?.gracePeriodEnd).toEqual(gracePeriodEnd)

    setNow(() => new Date(gracePeriodEnd!.getTime() + 1000))
    await pauseOverdue()
    expect(await getBalance(user._id)).toMatchObject({ credits: 1000, frozen: 'past_due' })

    const [open] = (await context.stripe.invoices.list({ subscription, status: 'open' })).data
    await context.stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', gracePeriodEnd: null })
    expect(await getBalance(user._id)).toMatchObject({ credits: 2000, frozen: null })
  })

  it('that keeps failing ends the plan: Free, ids cleared, rows cancelled with the reason, credits stay', async () => {
    const user = await subscriber()
    const failing = await context.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: user.stripeCustomerId!,
    })
    await context.stripe.subscriptions.update(user.subscription!.stripeSubscriptionId!, {
      default_payment_method: failing.id,
    })
    advance(32)
    advance(40)
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
  it('waits for the end of the period and can be taken back', async () => {
    const user = await subscriber()
    expect((await cancelAtPeriodEnd(user, { feedback: 'unused' })).subscription).toMatchObject({
      status: 'active',
      cancelAtPeriodEnd: true,
    })
    expect((await resumeSubscription(user)).subscription).toMatchObject({ cancelAtPeriodEnd: false })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', cancelAtPeriodEnd: false })
  })

  it('comes true at the end of the period', async () => {
    const user = await subscriber()
    await cancelAtPeriodEnd(user)
    advance(32)
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
    await expect(resumeSubscription(user)).rejects.toThrow(NoSubscription)
  })

  it('H38: a late word of an old subscription does not touch the new one', async () => {
    const user = await subscriber()
    await context.stripe.subscriptions.cancel(user.subscription!.stripeSubscriptionId!)
    const deleted = context.sandbox.events('customer.subscription.deleted').at(-1)!
    await deliveries.deliver()
    await deliveries.buy({ user, plan: 'Daily', interval: 'month' })
    await deliveries.deliver()
    await syncSubscriptions(user._id, { subscription: readSubscription(deleted.data.object), at: new Date() })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', status: 'active' })
    expect((await historyOf(user)).map(({ status }) => status)).toEqual(['cancelled', 'active'])
  })
})

describe('H39: two subscriptions', () => {
  it('bought in two tabs: the newest stays, the other is canceled and its money and credits go back', async () => {
    setNow(() => new Date(context.sandbox.now() * 1000))
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
    // 1000 and 2000 were bought; nearly all of the 1000 went back, as nearly all of their money did.
    expect(await creditsOf(user)).toBeLessThanOrEqual(2001)
    expect(await creditsOf(user)).toBeGreaterThanOrEqual(2000)
    // The row of the invoice that gave the time back says what it took, and the sum of the rows is the balance.
    const given = (await historyOf(user)).map(({ creditsAdded }) => creditsAdded)
    expect(given.filter((credits) => credits < 0)).toHaveLength(1)
    expect(given.reduce((sum, credits) => sum + credits, 0)).toBe(await creditsOf(user))
    expect((await readUser(user._id)).subscription?.previousSubscriptionIds).toHaveLength(1)
    expect((await auditGrants()).violations).toEqual([])
  })

  it('bought in the same second: still the newest', async () => {
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
})

describe('a change of plan', () => {
  it('up: now, for the rest of the period, in money and in credits as it was shown', async () => {
    const user = await subscriber('Beginner', 'month')
    advance(10)
    const choice = { plan: 'Creator', interval: 'month' as const }
    const preview = await previewPlanChange(user, choice)
    expect(preview).toMatchObject({ when: 'now', from: { plan: 'Beginner' }, renewal: { amount: 4000, credits: 5000 } })
    expect(preview.amountDue).toBeGreaterThan(1800)
    expect(preview.amountDue).toBeLessThan(2200)
    expect(preview.credits).toBeGreaterThan(2400)

    const result = await changePlan(user, choice, { nonce: randomUUID(), prorationDate: preview.prorationDate })
    expect(result).toEqual({ state: 'changed' })
    expect(await creditsOf(user)).toBe(1000 + preview.credits)
    const after = await readUser(user._id)
    expect(after.subscription).toMatchObject({ plan: 'Creator', status: 'active' })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(1000 + preview.credits)
    const [newest] = await listBillingHistory(user._id)
    expect(newest).toMatchObject({ planName: 'Creator', amount: preview.amountDue, creditsAdded: preview.credits })
  })

  it('a double click on the order charges once', async () => {
    const user = await subscriber('Beginner', 'month')
    const nonce = randomUUID()
    const choice = { plan: 'Daily', interval: 'month' as const }
    await Promise.allSettled([changePlan(user, choice, { nonce }), changePlan(user, choice, { nonce })])
    await deliveries.deliver()
    expect(await historyOf(user)).toHaveLength(2)
  })

  it('from monthly to yearly: now, a whole year less what is left of the month', async () => {
    const user = await subscriber('Beginner', 'month')
    const choice = { plan: 'Beginner', interval: 'year' as const }
    const preview = await previewPlanChange(user, choice)
    await changePlan(user, choice)
    await deliveries.deliver()
    expect(preview.credits).toBeGreaterThanOrEqual(11_000)
    expect(await creditsOf(user)).toBe(1000 + preview.credits)
    expect((await readUser(user._id)).subscription).toMatchObject({ interval: 'year' })
  })

  it('with a card that declines: nothing changes, and it says so', async () => {
    const user = await subscriber('Beginner', 'month')
    const failing = await context.stripe.paymentMethods.attach('pm_card_chargeCustomerFail', {
      customer: user.stripeCustomerId!,
    })
    await context.stripe.subscriptions.update(user.subscription!.stripeSubscriptionId!, {
      default_payment_method: failing.id,
    })
    const order = changePlan(user, { plan: 'Daily', interval: 'month' })
    await expect(order).rejects.toThrow('Your card was declined. Nothing has changed.')
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(1000)
  })

  it('with a card that asks for its owner: there is a page to confirm on, and then it changes', async () => {
    const user = await subscriber('Beginner', 'month')
    const asking = await context.stripe.paymentMethods.attach('pm_card_authenticationRequired', {
      customer: user.stripeCustomerId!,
    })
    await context.stripe.subscriptions.update(user.subscription!.stripeSubscriptionId!, {
      default_payment_method: asking.id,
    })
    const result = await changePlan(user, { plan: 'Daily', interval: 'month' })
    expect(result).toMatchObject({ state: 'payment-needed', url: expect.stringMatching(/^http/) as string })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
  })

  it('down: when the period ends, and until then it can be dropped', async () => {
    const user = await subscriber('Creator', 'month')
    const choice = { plan: 'Beginner', interval: 'month' as const }
    expect(await previewPlanChange(user, choice)).toMatchObject({ when: 'period-end', amountDue: 0, credits: 0 })
    expect(await changePlan(user, choice)).toEqual({ state: 'scheduled', at: user.subscription?.currentPeriodEnd })
    expect(await findScheduledChange(user)).toEqual({ ...choice, at: user.subscription?.currentPeriodEnd })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator' })

    expect(await changePlan(user, { plan: 'Creator', interval: 'month' })).toEqual({ state: 'changed' })
    expect(await findScheduledChange(user)).toBeNull()

    await changePlan(user, choice)
    advance(32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Beginner', status: 'active' })
    expect(await creditsOf(user)).toBe(6000)
  })

  it('down and then canceled: the cancellation wins', async () => {
    const user = await subscriber('Daily', 'month')
    await changePlan(user, { plan: 'Beginner', interval: 'month' })
    await cancelAtPeriodEnd(user)
    advance(32)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', stripeSubscriptionId: null })
    expect(await creditsOf(user)).toBe(2000)
  })

  it('a canceled plan that is changed goes on', async () => {
    const user = await subscriber('Beginner', 'month')
    await cancelAtPeriodEnd(user)
    await changePlan(user, { plan: 'Daily', interval: 'month' })
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Daily', cancelAtPeriodEnd: false })
  })

  it('to the plan that runs: refused', async () => {
    const user = await subscriber('Beginner', 'month')
    await expect(changePlan(user, { plan: 'Beginner', interval: 'month' })).rejects.toThrow(AlreadySubscribed)
    await expect(previewPlanChange(await aUser(), { plan: 'Daily', interval: 'month' })).rejects.toThrow(NoSubscription)
  })
})

describe('the portal', () => {
  it('opens for the user’s own customer, with one configuration of ours', async () => {
    const user = await subscriber()
    const { url } = await createPortalSession(user)
    expect(url).toMatch(/^http/)
    expect((await createPortalSession(user, { updateCard: true })).url).not.toBe(url)
    const { data } = await context.stripe.billingPortal.configurations.list()
    expect(data.filter(({ metadata }) => metadata?.app === 'scrip')).toHaveLength(1)
  })
})

describe('the books', () => {
  it('balance', async () => {
    expect((await auditGrants()).violations).toEqual([])
    expect((await auditCredits()).violations).toEqual([])
  })
})
