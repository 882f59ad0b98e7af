import { describe, expect, test } from 'vitest'
import { limitsResetAt, planOf, expectationOf } from '#app/billing/entitlements/current-plan.ts'
import { type Need, packOptions, planOptions, suffices } from '#app/actions/refusal-options.ts'
import type { PlanOffer } from '#app/billing/plan-changes/plan-offers.server.ts'
import { findPlan, packs, type Plan } from '#app/billing/plans.ts'

const planNamed = (name: string): Plan => findPlan(name)!
const free = planNamed('Free')
const lacking = (credits: number): Need => ({ credits, available: 0 })

describe('the packs that are offered', () => {
  test('the packs that cover the shortfall are offered, the smallest first', () => {
    const ways = packOptions(lacking(600), free, packs)

    expect(ways.map((way) => 'pack' in way && way.pack)).toEqual(['2000', '10000'])
    expect(ways[0]).toEqual({
      type: 'pack',
      pack: '2000',
      credits: 2000,
      amount: 2200,
      currency: 'usd',
      enough: true,
      url: '/billing?pack=2000',
    })
  })

  test('the largest packs are offered when none covers the shortfall, and the answer says so', () => {
    expect(packOptions(lacking(500_000), free, packs)).toMatchObject([{ pack: '10000', enough: false }])
  })

  test('the packs have to cover a debt first', () => {
    expect(packOptions({ credits: 24, available: -490 }, free, packs)[0]).toMatchObject({ pack: '2000', enough: true })
  })

  test('no packs are offered when none are for sale', () => {
    expect(packOptions(lacking(1), free, [])).toEqual([])
  })
})

describe('a plan that is offered', () => {
  const today = { amount: 453, currency: 'usd', credits: 566 }
  const renewal = { amount: 1800, currency: 'usd', credits: 2000 }
  const offer: PlanOffer = {
    plan: planNamed('Daily'),
    interval: 'month',
    ...{ today, renewal, trialDays: null, url: '/billing/change?plan=Daily&interval=month' },
  }

  test('a plan is enough if today’s grant is, whatever its later periods grant', () => {
    expect(planOptions(lacking(566), [offer])).toEqual([
      {
        ...{ type: 'plan', plan: 'Daily', interval: 'month', amount: 453, currency: 'usd', credits: 566, renewal },
        ...{ enough: true, url: '/billing/change?plan=Daily&interval=month' },
      },
    ])
    expect(planOptions(lacking(567), [offer])).toMatchObject([{ enough: false }])
  })

  test('a plan without known amounts has no sum and promises no credits', () => {
    const [way] = planOptions(lacking(1), [{ ...offer, today: null, renewal: null }])
    expect(way).toMatchObject({ plan: 'Daily', enough: false })
    expect(way).not.toHaveProperty('amount')
  })
})

describe('what lets a spend succeed', () => {
  test('a spend needs the credits, a remaining use, and the feature', () => {
    const need: Need = { credits: 10, available: 4, limit: { name: 'qrCodes', used: 1000 }, feature: 'svgExport' }
    expect(suffices(need, planNamed('Daily'), 6)).toBe(true)
    expect(suffices(need, planNamed('Daily'), 5)).toBe(false)
    expect(suffices(need, planNamed('Beginner'), 6)).toBe(false)
    expect(suffices({ ...need, limit: undefined }, free, 6)).toBe(false)
  })
})

describe('planOf', () => {
  const live = { stripeSubscriptionId: 'sub_1', plan: 'Daily', status: 'active' }

  test.each([
    ['a user without a subscription is on Free', null, 'Free'],
    ['an active subscription gives its plan', live, 'Daily'],
    ['a subscription in its grace period gives its plan', { ...live, status: 'past_due' }, 'Daily'],
    ['an incomplete subscription gives no plan', { ...live, status: 'incomplete' }, 'Free'],
    ['a canceled subscription gives no plan', { ...live, status: 'canceled' }, 'Free'],
    ['a subscription without an id gives no plan', { ...live, stripeSubscriptionId: null }, 'Free'],
    ['a subscription to a plan that no longer exists gives no plan', { ...live, plan: 'Gold' }, 'Free'],
  ])('%s', (_, subscription, plan) => {
    expect(planOf(subscription).name).toBe(plan)
  })
})

describe('expectationOf', () => {
  const at = (day: string) => new Date(`${day}T00:00:00Z`)
  const renewing = {
    stripeSubscriptionId: 'sub_1',
    plan: 'Daily',
    interval: 'month',
    status: 'active',
    currentPeriodEnd: at('2026-06-10'),
    cancelAtPeriodEnd: false,
    nextPayment: { credits: 6000, at: at('2026-06-10') },
  }

  test('the renewal is expected, or a scheduled grant if that comes first', () => {
    expect(expectationOf(renewing, null).nextGrant).toEqual({ credits: 6000, at: at('2026-06-10') })
    expect(expectationOf(renewing, { credits: 7, at: at('2026-06-01') }).nextGrant).toEqual({
      credits: 7,
      at: at('2026-06-01'),
    })
  })

  test.each([
    ['a subscription whose next payment is unknown', { ...renewing, nextPayment: null }],
    ['a subscription that is past due', { ...renewing, status: 'past_due' }],
    ['a user without a subscription', null],
  ])('nothing is expected of %s', (_, subscription) => {
    expect(expectationOf(subscription, null).nextGrant).toBeNull()
  })
})

describe('limitsResetAt', () => {
  const at = new Date('2026-12-15T10:00:00Z')
  const monthly = {
    stripeSubscriptionId: 'sub_1',
    plan: 'Daily',
    interval: 'month',
    status: 'active',
    currentPeriodEnd: new Date('2026-12-20T08:00:00Z'),
  }

  test.each([
    ['a monthly subscription resets its limits with its own period', monthly, '2026-12-20T08:00:00.000Z'],
    ['a user without a subscription has limits that reset with the calendar month', null, '2027-01-01T00:00:00.000Z'],
    [
      'a yearly subscription resets its limits with the calendar month',
      { ...monthly, interval: 'year' },
      '2027-01-01T00:00:00.000Z',
    ],
    [
      'a subscription past its period end resets its limits with the calendar month',
      { ...monthly, currentPeriodEnd: at },
      '2027-01-01T00:00:00.000Z',
    ],
  ])('%s', (_, subscription, end) => {
    expect(limitsResetAt(subscription, at).toISOString()).toBe(end)
  })
})
