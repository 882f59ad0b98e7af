import { randomUUID } from 'node:crypto'
import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { action as deduct } from '#app/routes/api.credits.deduct.ts'
import { action, loader } from '#app/routes/api.user.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, type Caller, errorOf, newCaller } from './caller.ts'

useDatabase()
afterEach(() => setNow(null))

interface Answer {
  user: Record<string, unknown>
  credits: number
  held: number
  billingHistory: Record<string, unknown>[]
}

const me = (headers: Record<string, string>) => call(loader, '/api/user', { headers })
const seen = async (caller: Caller) => bodyOf<Answer>(await me(asBrowser(caller)))

const subscription = {
  stripeSubscriptionId: 'sub_1',
  plan: 'Daily',
  interval: 'month',
  status: 'active',
  currentPeriodStart: new Date('2026-05-01T00:00:00Z'),
  currentPeriodEnd: new Date('2026-06-01T00:00:00Z'),
  cancelAtPeriodEnd: false,
  gracePeriodEnd: null,
  trialEnd: null,
  version: 'v',
}

describe('GET /api/user', () => {
  test('a new user is on the free plan, with no subscription, no payments, and no limit that is null', async () => {
    const caller = await newCaller({ credits: 25 })

    const response = await me(asKey(caller))

    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await bodyOf<Answer>(response)).toEqual({
      user: {
        id: caller.user._id.toHexString(),
        email: caller.user.email,
        name: '',
        plan: 'Free',
        features: { svgExport: false, apiAccess: true, prioritySupport: false },
        limits: { qrCodes: 20 },
        subscription: null,
      },
      credits: 25,
      held: 0,
      billingHistory: [],
    })
  })

  test('a subscriber’s plan, subscription and payments are returned', async () => {
    const caller = await newCaller()
    await UserModel.updateOne({ _id: caller.user._id }, { $set: { subscription } })
    await BillingHistoryModel.create({
      userId: caller.user._id,
      stripeCustomerId: 'cus_1',
      stripeSubscriptionId: 'sub_1',
      stripeInvoiceId: `in_${randomUUID()}`,
      planName: 'Daily',
      interval: 'month',
      amount: 1800,
      currency: 'usd',
      creditsAdded: 2000,
      status: 'active',
      transactionDate: new Date('2026-05-01T00:00:00Z'),
      isCurrentSubscription: true,
    })

    const { user, billingHistory } = await seen(caller)

    expect(user).toMatchObject({
      plan: 'Daily',
      subscription: { id: 'sub_1', status: 'active', currentPeriodEnd: '2026-06-01T00:00:00.000Z' },
    })
    expect(billingHistory).toHaveLength(1)
    expect(billingHistory[0]).toMatchObject({
      planName: 'Daily',
      amount: 1800,
      currency: 'usd',
      creditsAdded: 2000,
      status: 'active',
      transactionDate: '2026-05-01T00:00:00.000Z',
    })
  })

  test('the answer contains no secret and nothing of another user', async () => {
    const [caller, other] = await Promise.all([newCaller(), newCaller()])

    const text = await (await me(asKey(caller))).text()

    expect(text).not.toMatch(/password|hash|sessionEpoch|version|"v"/i)
    expect(text).not.toContain(other.user.email)
  })

  test('the balance never includes expired credits, even before their expiry is written (H51)', async () => {
    const caller = await newCaller({ credits: 10 })
    await grantCredits(caller.user._id, [
      {
        key: 'stripe:payment:pi_short',
        credits: 50,
        source: { type: 'payment', id: 'pi_short' },
        expiresAt: new Date(Date.now() + 60_000),
      },
    ])
    setNow(() => new Date(Date.now() + 120_000))

    const { credits } = await seen(caller)
    const refused = await call(deduct, '/api/credits/deduct', {
      method: 'POST',
      body: { credits: credits + 1 },
      headers: asBrowser(caller),
    })
    const spent = await call(deduct, '/api/credits/deduct', {
      method: 'POST',
      body: { credits },
      headers: asBrowser(caller),
    })

    expect(credits).toBe(10)
    expect([refused.status, spent.status]).toEqual([402, 200])
  })

  test('held credits are reported apart from spendable ones', async () => {
    const caller = await newCaller({ credits: 100 })
    await placeHold({ accountId: caller.user._id, key: 'api:hold:1', credits: 30, action: 'render' })

    expect(await seen(caller)).toMatchObject({ credits: 70, held: 30 })
  })

  test('the user is returned while spending is paused, too', async () => {
    const caller = await newCaller({ credits: 100 })
    await freezeSpending(caller.user._id, 'past_due')

    expect(await seen(caller)).toMatchObject({ credits: 100 })
  })

  test('the request needs a log-in and accepts GET only', async () => {
    const nobody = await me({})
    const post = await call(action, '/api/user', { method: 'POST', body: {} })

    expect([nobody.status, post.status]).toEqual([401, 405])
    expect(await errorOf(nobody)).toMatchObject({ code: 'unauthenticated' })
    expect(post.headers.get('Allow')).toBe('GET')
  })
})
