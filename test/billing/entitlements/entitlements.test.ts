import type { ActionFunctionArgs } from '@remix-run/node'
import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import { brand } from '#app/brand.mjs'
import { LimitReached, SpendingFrozen } from '#app/credits/errors.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { FeatureNotInPlan } from '#app/billing/errors.ts'
import {
  isPaused,
  limitOf,
  requireFeature,
  requirePlan,
  type Subscriber,
} from '#app/billing/entitlements/entitlements.ts'
import { PlanTooSmall } from '#app/billing/errors.ts'
import { checkLimit, requirePagePlan } from '#app/auth/plan-guards.server.ts'
import { findPlan } from '#app/billing/plans.ts'
import { now } from '#app/clock.server.ts'
import { apiError } from '#app/http/api-error.server.ts'
import { loader as changeLoader, action as changeAction } from '#app/routes/_app.billing.change/route.tsx'
import { loader as successLoader } from '#app/routes/_app.billing.success/route.tsx'
import { loader as updateCard } from '#app/routes/_app.billing.update-card.tsx'
import { loader as upgradeLoader } from '#app/routes/_app.billing.upgrade.tsx'
import { action as askAction, loader as askLoader } from '#app/routes/_app.support.priority.tsx'
import { action as pricingAction } from '#app/routes/pricing/route.tsx'
import { MailModel } from '#models/mail.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { subscriber } from '../customers.ts'
import { aUser, Deliveries, sessionIdOf } from '../scenario.ts'
import { useStripe } from '../stripe.ts'
import { withRefusalOptions } from '#app/actions/refusal-options.server.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

const free = findPlan('Free')!
const { limits } = free
afterEach(() => Object.assign(free, { limits }))

const AT = new Date('2026-05-10T00:00:00Z')
const before = new Date(AT.getTime() - 1000)
const after = new Date(AT.getTime() + 1000)

const on = (plan: string, status = 'active', gracePeriodEnd: Date | null = null): Subscriber => ({
  subscription: { stripeSubscriptionId: 'sub_1', plan, interval: 'month', status, gracePeriodEnd },
})
const nobody: Subscriber = { subscription: null }

describe('a plan', () => {
  it('a plan has its own features and those of smaller plans', () => {
    expect(requirePlan(on('Creator'), 'Daily', AT).name).toBe('Creator')
    expect(requirePlan(on('Daily'), 'Daily', AT).name).toBe('Daily')
    expect(requirePlan(nobody, 'Free', AT).name).toBe('Free')
    expect(() => requirePlan(on('Beginner'), 'Daily', AT)).toThrow(PlanTooSmall)
    expect(() => requirePlan(nobody, 'Daily', AT)).toThrow('This is part of Daily and larger plans.')
  })

  it('a plan has its features and names the plans that have what it lacks', () => {
    expect(requireFeature(on('Creator'), 'prioritySupport', AT).name).toBe('Creator')
    expect(requireFeature(nobody, 'apiAccess', AT).name).toBe('Free')
    expect(() => requireFeature(on('Daily'), 'prioritySupport', AT)).toThrow(FeatureNotInPlan)
    expect(() => requireFeature(nobody, 'prioritySupport', AT)).toThrow('Priority support is part of Creator.')
  })

  it('a plan that has ended is Free', () => {
    expect(() => requireFeature(on('Creator', 'canceled'), 'prioritySupport', AT)).toThrow(FeatureNotInPlan)
    expect(() => requirePlan(on('Creator', 'incomplete_expired'), 'Beginner', AT)).toThrow(PlanTooSmall)
  })
})

describe('a payment that is due', () => {
  it('a payment that is due takes nothing away within the grace period, and paid features after it', () => {
    expect(requireFeature(on('Creator', 'past_due', after), 'prioritySupport', AT).name).toBe('Creator')
    expect(() => requireFeature(on('Creator', 'past_due', before), 'prioritySupport', AT)).toThrow(SpendingFrozen)
    expect(() => requireFeature(on('Creator', 'past_due', AT), 'prioritySupport', AT)).toThrow(SpendingFrozen)
    expect(() => requirePlan(on('Creator', 'unpaid'), 'Daily', AT)).toThrow(SpendingFrozen)
  })

  it('a payment that is due leaves the features of Free, and never suggests another plan for what this one has', () => {
    expect(requireFeature(on('Creator', 'past_due', before), 'apiAccess', AT).name).toBe('Creator')
    expect(() => requireFeature(on('Daily', 'past_due', before), 'prioritySupport', AT)).toThrow(FeatureNotInPlan)
    expect(isPaused(on('Creator', 'trialing'), AT)).toBe(false)
  })

  it('a payment that is due is reported by the API with its code and how to resume', async () => {
    const user = { ...(await aUser()), ...on('Creator', 'past_due', new Date(0)) } as User
    const asked = withRefusalOptions(user, { credits: 1 }, () =>
      Promise.resolve(requireFeature(user, 'prioritySupport', now())),
    )
    const answer = apiError(await asked.catch((error: unknown) => error))
    expect(answer.status).toBe(402)
    expect(await answer.json()).toMatchObject({
      error: { code: 'past_due', options: [{ type: 'update_payment_method', url: '/billing/update-card' }] },
    })
    const plain = await aUser()
    const refused = withRefusalOptions(plain, { credits: 1 }, () =>
      Promise.resolve(requireFeature(plain, 'prioritySupport', now())),
    )
    expect(await apiError(await refused.catch((error: unknown) => error)).json()).toMatchObject({
      error: { code: 'feature_not_in_plan', options: [{ type: 'plan', plan: 'Creator', amount: 4000 }] },
    })
  })
})

describe('a limit', () => {
  it('a limit can be read without counting a use, and no race passes it', async () => {
    Object.assign(free, { limits: { qrCodes: 3 } })
    const user = await aUser()
    const source = { type: 'admin' as const, id: randomUUID() }
    await grantCredits(user._id, [{ key: `grant:${randomUUID()}`, credits: 100, source }])
    expect(await checkLimit(user, 'qrCodes')).toMatchObject({ used: 0, left: 3 })
    expect(await checkLimit(user, 'qrCodes')).toMatchObject({ used: 0, left: 3 })
    const use = () =>
      spendCredits({
        accountId: user._id,
        key: `test:${randomUUID()}`,
        credits: 1,
        action: 'qr-code',
        limit: limitOf(user, 'qrCodes', now()),
      })
    const results = await Promise.allSettled(Array.from({ length: 10 }, use))
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    await expect(checkLimit(user, 'qrCodes')).rejects.toThrow(LimitReached)
    const refusal = apiError(await checkLimit(user, 'qrCodes').catch((error: unknown) => error))
    expect(refusal.status).toBe(402)
    expect(await refusal.json()).toMatchObject({ error: { code: 'limit_reached', max: 3 } })
  })

  it('a limit is unlimited where the plan has none', async () => {
    const { _id } = await aUser()
    expect(await checkLimit({ _id, ...on('Creator') } as User, 'qrCodes')).toMatchObject({ used: 0, left: Infinity })
  })
})

/** The target of a redirect that a loader or action throws or returns. */
async function target(answer: Promise<unknown>): Promise<string> {
  const response = await answer.catch((error: unknown) => error)
  if (!(response instanceof Response)) throw new Error('this is no redirect')
  return response.headers.get('Location') ?? ''
}

const args = (request: Request): ActionFunctionArgs => ({ request, params: {}, context: {} })
const at = async (user: User, path: string) => args(await visitAs(user, path))

async function send(user: User, path: string, fields: Record<string, string>): Promise<ActionFunctionArgs> {
  const { url, headers } = await visitAs(user, path)
  return args(new Request(url, { method: 'POST', headers, body: new URLSearchParams(fields) }))
}

const UPGRADE = '/billing/upgrade?feature=prioritySupport&redirectTo=%2Fsupport%2Fpriority'

describe('the page of priority support, which needs Creator', () => {
  it('the support page asks for a log-in first and returns to itself', async () => {
    const stranger = new Request('http://localhost:3000/support/priority')
    expect(await target(askLoader(args(stranger)))).toBe('/login?redirectTo=%2Fsupport%2Fpriority')
  })

  it('the support page leads a user on Free to the upgrade, through the checkout, and back', async () => {
    const user = await aUser()
    expect(await target(askLoader(await at(user, '/support/priority')))).toBe(UPGRADE)
    expect(await target(send(user, '/support/priority', question).then(askAction))).toBe(UPGRADE)

    const page = await upgradeLoader(await at(user, UPGRADE))
    expect(page).toMatchObject({ sentence: 'Priority support is part of Creator.' })
    expect(page.ways[0]?.to).toBe('/pricing?plan=Creator&interval=month&redirectTo=%2Fsupport%2Fpriority')
    const order = { plan: 'Creator', interval: 'month', nonce: randomUUID(), redirectTo: '/support/priority' }
    const checkout = sessionIdOf(await target(send(user, '/pricing', order).then(pricingAction)))
    const { success_url: successUrl } = await context.stripe.checkout.sessions.retrieve(checkout)
    expect(successUrl).toContain('redirectTo=%2Fsupport%2Fpriority')
    context.sandbox.completeCheckout(checkout)
    await deliveries.deliver()
    const { pathname, search } = new URL(successUrl!.replace('{CHECKOUT_SESSION_ID}', checkout))
    expect(await successLoader(await at(user, pathname + search))).toMatchObject({
      view: { state: 'arrived' },
      next: '/support/priority',
    })
    expect(await askLoader(await at(user, '/support/priority'))).toMatchObject({ email: user.email })
    // The old address redirects.
    expect(await target(upgradeLoader(await at(user, UPGRADE)))).toBe('/support/priority')
  })

  it('a plan change for the support page returns to it', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    const page = await upgradeLoader(await at(user, UPGRADE))
    expect(page.ways[0]?.to).toBe('/billing/change?plan=Creator&interval=month&redirectTo=%2Fsupport%2Fpriority')
    const { plan, interval, redirectTo, amountDue, prorationDate, nonce } = await changeLoader(
      await at(user, page.ways[0]!.to),
    )
    const order = { plan, interval, redirectTo, amountDue: String(amountDue), prorationDate, nonce }
    expect(await target(send(user, '/billing/change', order).then(changeAction))).toBe('/support/priority')
    expect(await askLoader(await at(user, '/support/priority'))).toMatchObject({ email: user.email })
  })

  it('the support page never leads off this site', async () => {
    const user = await aUser()
    const page = await upgradeLoader(
      await at(user, '/billing/upgrade?feature=prioritySupport&redirectTo=//evil.example'),
    )
    expect(page.ways[0]?.to).toBe('/pricing?plan=Creator&interval=month')
    const order = { plan: 'Creator', interval: 'month', nonce: randomUUID(), redirectTo: 'https://evil.example/' }
    const checkout = sessionIdOf(await target(send(user, '/pricing', order).then(pricingAction)))
    const { success_url: successUrl } = await context.stripe.checkout.sessions.retrieve(checkout)
    expect(successUrl).not.toContain('redirectTo')
  })

  it('the support page leads a user with a payment due to the card, not to another plan', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    await setOverdue(user)
    expect(await target(askLoader(await at(user, '/support/priority')))).toBe('/billing')
  })

  it('the support page mails the question to support, with the plan and the user', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const answer = await askAction(await send(user, '/support/priority', question))
    expect(answer.data.saved).toBe(true)
    const [mail] = await MailModel.find({ text: new RegExp(user.email) }).lean()
    expect(mail).toMatchObject({
      to: brand.supportAddress ?? brand.senderAddress,
      subject: 'Priority question: Invoices',
    })
    expect(mail!.text).toContain('Plan: Creator')
  })

  it('the support page refuses an empty question and a subject of two lines', async () => {
    const user = await subscriber(deliveries, { plan: 'Creator' })
    const answer = await askAction(await send(user, '/support/priority', { subject: 'a\nb', question: '' }))
    expect(answer.init?.status).toBe(400)
    expect(Object.keys(answer.data.result.error ?? {})).toEqual(['subject', 'question'])
  })
})

const question = { subject: 'Invoices', question: 'Where do I find the invoices of last year?' }

const setOverdue = (user: User) =>
  UserModel.updateOne(
    { _id: user._id },
    { $set: { 'subscription.status': 'past_due', 'subscription.gracePeriodEnd': new Date(0) } },
  )

describe('a page that needs a plan', () => {
  it('a page that needs a plan names it to the upgrade page, which offers it and the larger ones', async () => {
    const user = await aUser()
    const to = await target(requirePagePlan(await visitAs(user, '/reports?year=2026'), 'Daily'))
    expect(to).toBe('/billing/upgrade?plan=Daily&redirectTo=%2Freports%3Fyear%3D2026')
    const page = await upgradeLoader(await at(user, to))
    expect(page.sentence).toBe('This is part of Daily and Creator.')
    expect(page.ways.map(({ plan }) => plan)).toEqual(['Daily', 'Creator'])
  })
})

describe('the link of the mail about a failed payment', () => {
  it('the link of the mail about a failed payment opens the card at Stripe for a logged-in user', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    expect(await target(updateCard(await at(user, '/billing/update-card')))).toContain(context.sandbox.url)
    const stranger = new Request('http://localhost:3000/billing/update-card')
    expect(await target(updateCard(args(stranger)))).toBe('/login?redirectTo=%2Fbilling%2Fupdate-card')
  })

  it('the link of the mail about a failed payment says that Stripe does not answer, and nothing else', async () => {
    const user = await subscriber(deliveries, { plan: 'Daily' })
    context.sandbox.faults.api = [{ failure: 503, match: 'POST /v1/billing_portal' }]
    const thrown = await updateCard(await at(user, '/billing/update-card')).catch((error: unknown) => error)
    context.sandbox.faults.reset()
    expect(thrown).toMatchObject({ init: { status: 503 } })
  })
})
