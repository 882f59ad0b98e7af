import { describe, expect, test } from 'vitest'
import { limitsResetAt, planOf, standingOf } from '#app/billing/plan-standing.ts'
import { waysOutOfFreeze, waysPastLimit, waysToCredits, waysToFeature } from '#app/actions/ways-out.ts'
import { findPlan, packs, type Plan, plans } from '#app/billing/plans.ts'

const planNamed = (name: string): Plan => {
  const plan = findPlan(name)
  if (!plan) throw new Error(`no plan ${name}`)
  return plan
}

const free = { plan: planNamed('Free'), nextGrant: null }

describe('waysToCredits', () => {
  test('offers the packs that are enough, the smallest first', () => {
    const ways = waysToCredits(600, free).filter(({ type }) => type === 'pack')

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

  test('offers the greatest pack where none is enough, and says so', () => {
    expect(waysToCredits(500_000, free)[0]).toMatchObject({ type: 'pack', pack: '10000', enough: false })
  })

  test('offers only plans above the present one', () => {
    const names = waysToCredits(1, { plan: planNamed('Daily'), nextGrant: null }).flatMap((way) =>
      way.type === 'plan' ? [way.plan] : [],
    )

    expect(names).toEqual(['Creator'])
  })

  test('says when credits come by themselves, and whether they are enough', () => {
    const at = new Date('2026-06-01T00:00:00Z')
    const standing = { plan: planNamed('Creator'), nextGrant: { credits: 1000, at } }

    expect(waysToCredits(1001, standing).at(-1)).toEqual({
      type: 'wait',
      credits: 1000,
      at: '2026-06-01T00:00:00.000Z',
      enough: false,
    })
  })

  test('offers nothing where nothing is sold', () => {
    expect(waysToCredits(1, free, { plans: [], packs: [] })).toEqual([])
  })
})

describe('the other refusals', () => {
  const withSupport = plans.map((plan) => ({ ...plan, limits: { qrCodes: plan.name === 'Creator' ? Infinity : 10 } }))

  test('a feature: the plans that have it, cheapest first', () => {
    expect(waysToFeature('prioritySupport')).toMatchObject([{ type: 'plan', plan: 'Creator', amount: 4000 }])
  })

  test('a limit: the plans with a greater one, and when the count starts again', () => {
    const at = new Date('2026-06-01T00:00:00Z')
    const beginner = withSupport.find(({ name }) => name === 'Beginner')
    if (!beginner) throw new Error('no plan Beginner')

    const ways = waysPastLimit('qrCodes', at, { plan: beginner, nextGrant: null }, { plans: withSupport, packs })

    expect(ways).toMatchObject([
      { type: 'plan', plan: 'Creator' },
      { type: 'wait', at: '2026-06-01T00:00:00.000Z' },
    ])
  })

  test('a failed payment: the card; a dispute: nothing that one could press', () => {
    expect(waysOutOfFreeze('past_due')).toEqual([{ type: 'update_payment_method', url: '/billing/update-card' }])
    expect(waysOutOfFreeze('dispute')).toEqual([])
  })
})

describe('planOf', () => {
  const live = { stripeSubscriptionId: 'sub_1', plan: 'Daily', status: 'active' }

  test.each([
    ['no subscription', null, 'Free'],
    ['an active one', live, 'Daily'],
    ['one in its grace period', { ...live, status: 'past_due' }, 'Daily'],
    ['one whose first payment is not done', { ...live, status: 'incomplete' }, 'Free'],
    ['one that has ended', { ...live, status: 'canceled' }, 'Free'],
    ['one whose id was cleared', { ...live, stripeSubscriptionId: null }, 'Free'],
    ['one of a plan that is gone', { ...live, plan: 'Gold' }, 'Free'],
  ])('%s', (_, subscription, plan) => {
    expect(planOf(subscription).name).toBe(plan)
  })
})

describe('standingOf', () => {
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

  test('expects the renewal, or an earlier scheduled grant', () => {
    expect(standingOf(renewing, null).nextGrant).toEqual({ credits: 6000, at: at('2026-06-10') })
    expect(standingOf(renewing, { credits: 7, at: at('2026-06-01') }).nextGrant).toEqual({
      credits: 7,
      at: at('2026-06-01'),
    })
  })

  test.each([
    ['of which nothing is known', { ...renewing, nextPayment: null }],
    ['that is not paid', { ...renewing, status: 'past_due' }],
    ['that is none', null],
  ])('expects nothing of a subscription %s', (_, subscription) => {
    expect(standingOf(subscription, null).nextGrant).toBeNull()
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
    ['a monthly subscription’s own month', monthly, '2026-12-20T08:00:00.000Z'],
    ['the calendar’s where there is none', null, '2027-01-01T00:00:00.000Z'],
    ['the calendar’s where it is yearly', { ...monthly, interval: 'year' }, '2027-01-01T00:00:00.000Z'],
    ['the calendar’s where its end has passed', { ...monthly, currentPeriodEnd: at }, '2027-01-01T00:00:00.000Z'],
  ])('%s', (_, subscription, end) => {
    expect(limitsResetAt(subscription, at).toISOString()).toBe(end)
  })
})
