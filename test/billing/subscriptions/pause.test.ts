import { describe, expect, it } from 'vitest'
import { auditGrants } from '#app/billing/purchases/audit-grants.server.ts'
import { cancelAtPeriodEnd } from '#app/billing/plan-changes/cancel.server.ts'
import { changePlan } from '#app/billing/plan-changes/change-plan.server.ts'
import { requireFeature } from '#app/billing/entitlements/entitlements.ts'
import { NoSubscription } from '#app/billing/errors.ts'
import { restartPlan } from '#app/billing/plan-changes/resume-paused.server.ts'
import { now } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { apiError } from '#app/http/api-error.server.ts'
import { currentPlanStatus } from '#app/plan-status/current-plan-status.server.ts'
import { toUserJson } from '#app/usage/user-json.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { advance, useSandboxClock } from '../clock.ts'
import { openInvoicesOf, spend, subscriber, subscriptionIdOf } from '../customers.ts'
import { usePlan } from '../plan.ts'
import { creditsOf, Deliveries, historyOf, readUser } from '../scenario.ts'
import { useStripe } from '../stripe.ts'
import { withRefusalOptions } from '#app/actions/refusal-options.server.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)
const creator = usePlan('Creator')
useSandboxClock(context)

/** A user whose trial ended after the card was removed. */
async function paused(): Promise<User> {
  creator.trial = { days: 7, credits: 50 }
  const user = await subscriber(deliveries, { plan: 'Creator' })
  for (const { id } of (await context.stripe.customers.listPaymentMethods(user.stripeCustomerId!)).data) {
    await context.stripe.paymentMethods.detach(id)
  }
  advance(context, 8)
  await deliveries.deliver()
  return readUser(user._id)
}

/** What the portal does when a user enters a card. */
async function addCard({ stripeCustomerId }: User, card = 'pm_card_visa'): Promise<void> {
  const customer = stripeCustomerId!
  const { id } = await context.stripe.paymentMethods.attach(card, { customer })
  await context.stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
}

const standingOf = async (user: User) => currentPlanStatus(await readUser(user._id), await getBalance(user._id))

describe('a plan paused because its trial ended without a card', () => {
  it('a plan paused after a trial without a card keeps its credits spendable, and pauses its features beyond Free', async () => {
    const user = await paused()
    expect(user.subscription).toMatchObject({ status: 'paused', plan: 'Creator' })
    expect(await spend(user, 20)).toMatchObject({ creditsLeft: 30 })
    const asked = withRefusalOptions(user, { credits: 1, feature: 'prioritySupport' }, async () =>
      requireFeature(user, 'prioritySupport', now()),
    )
    const answer = apiError(await asked.catch((error: unknown) => error))
    expect(answer.status).toBe(402)
    expect(await answer.json()).toMatchObject({
      error: { code: 'plan_paused', plan: 'Creator', options: [{ type: 'resume_plan', url: '/billing' }] },
    })
    expect(requireFeature(user, 'apiAccess', now()).name).toBe('Creator')
    expect(toUserJson(user, now())).toMatchObject({
      plan: 'Creator',
      features: { prioritySupport: false },
      subscription: { status: 'paused' },
    })
  })

  it('the pages of a paused plan say so, with the price of resuming', async () => {
    expect(await standingOf(await paused())).toMatchObject({
      badge: { text: 'Paused' },
      next: null,
      notices: [
        {
          tone: 'ochre',
          text: 'Creator is paused: its trial ended without a card. You can spend the credits you have. Resuming costs $40.00 a month.',
          action: 'restart',
        },
      ],
    })
  })

  it('resuming asks for a card first, and then charges and resumes once for two clicks', async () => {
    const user = await paused()
    expect(await restartPlan(user)).toEqual({ state: 'card-needed' })
    await addCard(user)
    expect(await Promise.all([restartPlan(user), restartPlan(user)])).toEqual([
      { state: 'running' },
      { state: 'running' },
    ])
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', plan: 'Creator' })
    expect(await creditsOf(user)).toBe(5050)
    expect(await historyOf(user)).toMatchObject([{ amount: 0 }, { amount: 4000, creditsAdded: 5000 }])
    expect(await restartPlan(user)).toEqual({ state: 'running' })
    expect(await creditsOf(user)).toBe(5050)
  })

  it('resuming with a declined card stays paused with a link to pay at Stripe, and paying there ends the pause by webhook', async () => {
    const user = await paused()
    await addCard(user, 'pm_card_chargeCustomerFail')
    const answer = await restartPlan(user)
    expect(answer).toMatchObject({ state: 'payment-needed', url: expect.stringMatching(/^http/) as string })
    expect(await restartPlan(user)).toEqual(answer)
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.status).toBe('paused')
    expect(await creditsOf(user)).toBe(50)
    const [open] = await openInvoicesOf(context, user)
    await context.stripe.invoices.pay(open!.id, { payment_method: 'pm_card_visa' })
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.status).toBe('active')
    expect(await creditsOf(user)).toBe(5050)
  })

  it('a paused plan cannot be changed before it is resumed, and ends at once when it is canceled', async () => {
    const user = await paused()
    await expect(changePlan(user, { plan: 'Daily', interval: 'month' })).rejects.toThrow(NoSubscription)
    expect((await cancelAtPeriodEnd(user)).subscription).toMatchObject({ plan: 'Free', status: 'canceled' })
    expect(await creditsOf(user)).toBe(50)
  })
})

describe('a plan that the shop paused in mid-period', () => {
  it('a plan paused in mid-period returns its unused time in money, and in credits when it is resumed', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    advance(context, 15)
    await context.stripe.subscriptions.pause(subscriptionIdOf(user))
    await deliveries.deliver()
    expect((await readUser(user._id)).subscription?.status).toBe('paused')
    expect(await spend(user, 1000)).toMatchObject({ creditsLeft: 4000 })
    expect((await standingOf(user)).notices[0]?.text).toMatch(/^Creator is paused\. You can spend/)
    expect(await restartPlan(user)).toEqual({ state: 'running' })
    await deliveries.deliver()
    const { amount, creditsAdded } = (await historyOf(user)).at(-1)!
    expect(amount).toBeGreaterThan(1500)
    expect(amount).toBeLessThan(2500)
    expect(Math.abs(creditsAdded - (5000 * amount) / 4000)).toBeLessThanOrEqual(2)
    expect(await creditsOf(user)).toBe(4000 + creditsAdded)
  })
})

describe('paused collection of a running plan', () => {
  it.each(['void', 'mark_uncollectible', 'keep_as_draft'] as const)(
    'paused collection (%s) keeps plan and credits, grants none until it is lifted, and the pages say so',
    async (behavior) => {
      const user = await subscriber(deliveries, { plan: 'Daily' })
      const resumes_at = context.sandbox.now() + 40 * 86_400
      await context.stripe.subscriptions.update(subscriptionIdOf(user), { pause_collection: { behavior, resumes_at } })
      await deliveries.deliver()
      expect((await readUser(user._id)).subscription).toMatchObject({
        status: 'active',
        collectionPaused: true,
        collectionResumesAt: new Date(resumes_at * 1000),
      })
      const { badge, next, notices } = await standingOf(user)
      expect({ badge: badge?.text, next }).toEqual({ badge: 'Payments paused', next: null })
      expect(notices[0]?.text).toMatch(/^Payments for Daily are paused until \d+ \w+/)
      advance(context, 32)
      await deliveries.deliver()
      expect((await readUser(user._id)).subscription?.status).toBe('active')
      expect(await creditsOf(user)).toBe(2000)
      expect(await spend(user, 500)).toMatchObject({ creditsLeft: 1500 })
      expect(await historyOf(user)).toHaveLength(1)

      advance(context, 32)
      await deliveries.deliver()
      expect((await readUser(user._id)).subscription).toMatchObject({ status: 'active', collectionPaused: false })
      expect((await standingOf(user)).next?.term).toBe('Renews on')
      expect(await creditsOf(user)).toBe(3500)
      expect(await historyOf(user)).toHaveLength(2)
    },
  )

  it('a draft kept during a pause grants its month’s credits once when it is paid later', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    await context.stripe.subscriptions.update(subscriptionIdOf(user), {
      pause_collection: { behavior: 'keep_as_draft' },
    })
    advance(context, 32)
    const drafts = await context.stripe.invoices.list({ subscription: subscriptionIdOf(user), status: 'draft' })
    await context.stripe.invoices.pay(drafts.data[0]!.id)
    await deliveries.deliver({ order: (events) => [...events, ...events] })
    expect(await creditsOf(user)).toBe(4000)
  })
})

it('the books balance after all these pauses', async () => {
  expect((await auditGrants()).violations).toEqual([])
  expect((await auditCredits()).violations).toEqual([])
})
