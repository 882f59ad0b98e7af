import { randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { previewPlanChange } from '#app/billing/plan-changes/change-preview.server.ts'
import { createCheckout } from '#app/billing/checkout/create-checkout.server.ts'
import { grantForInvoice } from '#app/billing/invoices/grant-invoice-credits.server.ts'
import type { StripeInvoice } from '#app/billing/stripe/objects/invoice.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { usePlan } from '../plan.ts'
import { aUser, creditsOf, Deliveries, historyOf, post, readUser, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const beginner = usePlan('Beginner')
const daily = usePlan('Daily')
useSandboxClock(context)

beforeEach(() => {
  beginner.trial = { days: 7, credits: 50 }
  daily.trial = { days: 7, credits: 80 }
})

const statusOf = async (user: User) => (await readUser(user._id)).subscription?.status

async function open(user: User, plan = 'Beginner'): Promise<string> {
  const { url } = await createCheckout({ user, plan, interval: 'month' }, { nonce: randomUUID() })
  return sessionIdOf(url)
}

async function trialist(plan = 'Beginner'): Promise<User> {
  const user = await aUser()
  context.sandbox.completeCheckout(await open(user, plan))
  await deliveries.deliver()
  return readUser(user._id)
}

describe('one trial per user', () => {
  it('two trial pages opened before and both paid grant one trial’s credits, and the second invoice grants 0', async () => {
    const user = await aUser()
    const [first, second] = [await open(user, 'Beginner'), await open(user, 'Daily')]
    context.sandbox.completeCheckout(first)
    context.sandbox.completeCheckout(second)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe((await historyOf(user)).reduce((sum, { creditsAdded }) => sum + creditsAdded, 0))
    expect((await historyOf(user)).map(({ creditsAdded }) => creditsAdded).sort()).toEqual([0, expect.any(Number)])
    expect([50, 80]).toContain(await creditsOf(user))
  })

  it('two trial invoices at the same time grant one trial’s credits', async () => {
    const user = await aUser()
    const pages = [await open(user), await open(user), await open(user)]
    for (const page of pages) context.sandbox.completeCheckout(page)
    const paid = deliveries.waiting('invoice.paid')
    await Promise.all(
      paid.flatMap((event) => [1, 2, 3].map((copy) => post(JSON.stringify({ ...event, id: `${event.id}_${copy}` })))),
    )
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(50)
    expect((await historyOf(user)).map(({ creditsAdded }) => creditsAdded).sort()).toEqual([0, 0, 50])
  })

  it('a crash between the credits and the rows leaves each row with its own number', async () => {
    const user = await aUser()
    const pages = [await open(user), await open(user)]
    for (const page of pages) context.sandbox.completeCheckout(page)
    const paid = deliveries.waiting('invoice.paid')
    await deliveries.deliver()
    const rows = await historyOf(user)
    await BillingHistoryModel.deleteMany({ userId: user._id })
    for (const event of [...paid].reverse()) {
      expect((await post(JSON.stringify({ ...(event as object), id: `evt_${randomUUID()}` }))).status).toBe(200)
    }
    const numbers = (all: typeof rows) => new Map(all.map((row) => [row.stripeInvoiceId, row.creditsAdded]))
    expect(numbers(await historyOf(user))).toEqual(numbers(rows))
    expect(await creditsOf(user)).toBe(50)
  })

  it('the other page is closed as soon as one is paid', async () => {
    const user = await aUser()
    const [first, second] = [await open(user), await open(user, 'Daily')]
    const pack = sessionIdOf((await createCheckout({ user, pack: '500' }, { nonce: randomUUID() })).url)
    context.sandbox.completeCheckout(first)
    await deliveries.deliver()
    const statusOfPage = async (id: string) => (await context.stripe.checkout.sessions.retrieve(id)).status
    expect(await statusOfPage(second)).toBe('expired')
    expect(await statusOfPage(pack)).toBe('open')
  })

  it('no second trial follows one that was canceled or whose customer was deleted at Stripe', async () => {
    const user = await trialist()
    await context.stripe.subscriptions.cancel(user.subscription!.stripeSubscriptionId!)
    await deliveries.deliver()
    const again = await context.stripe.checkout.sessions.retrieve(await open(user, 'Daily'))
    expect(again.amount_total).toBe(1800)

    await context.stripe.customers.del(user.stripeCustomerId!)
    const anew = await context.stripe.checkout.sessions.retrieve(await open(user, 'Daily'))
    expect(anew.amount_total).toBe(1800)
    expect(anew.customer).not.toBe(user.stripeCustomerId)
  })

  it('the second of two trial pages costs no credits', async () => {
    const user = await aUser()
    const [one, two] = [await open(user, 'Daily'), await open(user, 'Daily')]
    // Before the webhook of the first could close the second page.
    context.sandbox.completeCheckout(one)
    context.sandbox.completeCheckout(two)
    await deliveries.deliver()
    await deliveries.deliver()
    expect(await creditsOf(user)).toBe(80)
  })

  it('a trial page left open does not end a paid plan', async () => {
    const user = await aUser()
    const trial = await open(user, 'Daily')
    await deliveries.buy({ user, plan: 'Creator', interval: 'month' })
    context.sandbox.advance(60)
    context.sandbox.completeCheckout(trial)
    await deliveries.deliver()
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'active' })
  })
})

describe('the end of a trial', () => {
  it('a trial that ends with a payment grants the plan’s credits once, on top of the trial’s', async () => {
    const user = await trialist()
    advance(context, 8)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await statusOf(user)).toBe('active')
    expect(await creditsOf(user)).toBe(1050)
    expect(await historyOf(user)).toMatchObject([
      { billingReason: 'subscription_create', amount: 0, creditsAdded: 50 },
      { billingReason: 'subscription_cycle', amount: 1000, creditsAdded: 1000 },
    ])
  })

  it('a canceled trial ends in Free, charges nothing, and keeps its credits', async () => {
    const user = await trialist()
    await cancelAtPeriodEnd(user)
    expect(await statusOf(user)).toBe('trialing')
    advance(context, 8)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', status: 'canceled' })
    expect(await creditsOf(user)).toBe(50)
    expect(await historyOf(user)).toMatchObject([{ amount: 0, status: 'cancelled' }])
  })

  it('a trial whose card was removed ends paused, and nothing is due', async () => {
    const user = await trialist()
    for (const { id } of (await context.stripe.customers.listPaymentMethods(user.stripeCustomerId!)).data) {
      await context.stripe.paymentMethods.detach(id)
    }
    advance(context, 8)
    await deliveries.deliver()
    expect(await statusOf(user)).toBe('paused')
    expect(await creditsOf(user)).toBe(50)
  })

  it('a trial without a card ends canceled if the shop set it so', async () => {
    const user = await aUser()
    const session = await context.stripe.checkout.sessions.retrieve(await open(user))
    const { data } = await context.stripe.checkout.sessions.listLineItems(session.id)
    await context.stripe.subscriptions.create({
      customer: session.customer as string,
      items: [{ price: data[0]!.price!.id }],
      trial_period_days: 7,
      trial_settings: { end_behavior: { missing_payment_method: 'cancel' } },
    })
    await deliveries.deliver()
    expect(await statusOf(user)).toBe('trialing')
    advance(context, 8)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Free', status: 'canceled' })
    expect(await creditsOf(user)).toBe(50)
  })
})

describe('a plan change within a trial', () => {
  it('an upgrade within a trial charges and grants nothing now, and the new plan’s month when the trial ends', async () => {
    const user = await trialist()
    const choice = { plan: 'Creator', interval: 'month' as const }
    expect(await previewPlanChange(user, choice)).toMatchObject({ when: 'now', amountDue: 0, credits: 0 })
    expect(await changePlan(user, choice)).toEqual({ state: 'changed' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'trialing' })
    expect(await creditsOf(user)).toBe(50)
    advance(context, 8)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ plan: 'Creator', status: 'active' })
    expect(await creditsOf(user)).toBe(5050)
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: 4000, creditsAdded: 5000 })
  })

  it('a free line of a change does not count as the start of a trial', async () => {
    const user = await aUser()
    const invoice = { id: 'in_of_a_change', billingReason: 'subscription_update' } as StripeInvoice
    expect(await grantForInvoice(user._id, invoice, { credits: 0, trialCredits: 80, shares: [], byLine: [] })).toBe(0)
    expect(await creditsOf(user)).toBe(0)
  })

  it('a downgrade within a trial does not cut it short, and the smaller plan is paid when it ends', async () => {
    const user = await trialist('Daily')
    const choice = { plan: 'Beginner', interval: 'month' as const }
    expect(await changePlan(user, choice)).toMatchObject({ state: 'scheduled' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({
      plan: 'Daily',
      status: 'trialing',
      trialEnd: user.subscription?.trialEnd,
      scheduledChange: choice,
    })
    expect(await creditsOf(user)).toBe(80)
    advance(context, 8)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({
      plan: 'Beginner',
      status: 'active',
      scheduledChange: null,
    })
    expect((await historyOf(user)).at(-1)).toMatchObject({ amount: 1000, creditsAdded: 1000 })
    expect(await creditsOf(user)).toBe(1080)
  })
})

it('the books balance after all these trials', async () => {
  expect((await auditGrants()).violations).toEqual([])
  expect((await auditCredits()).violations).toEqual([])
})
