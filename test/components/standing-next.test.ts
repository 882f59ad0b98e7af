import { describe, expect, test } from 'vitest'
import type { User } from '#models/user.server.ts'
import { toBalanceView } from '#app/routes/_app.dashboard/balance-view.ts'
import { pausesOf, warningsOf } from '#app/plan-status/primary-action.ts'
import { planStatusOf } from '#app/plan-status/plan-status.ts'
import { aBalance } from './a-balance.ts'

const now = new Date('2026-05-04T12:00:00Z')
const context = { now, timeZone: 'UTC', gracePeriodDays: 3, credits: 1840, frozen: null }

type Subscription = NonNullable<User['subscription']>

const daily = {
  stripeSubscriptionId: 'sub_1',
  plan: 'Daily',
  interval: 'month',
  status: 'active',
  currentPeriodEnd: new Date('2026-06-01T12:00:00Z'),
  cancelAtPeriodEnd: false,
  version: 'v1',
} as Subscription

const balance = aBalance({ credits: 1840 })

describe('a scheduled downgrade', () => {
  const at = daily.currentPeriodEnd!
  const nextPayment = { amount: 1000, currency: 'usd', credits: 1000, at, isExact: true }
  const scheduledChange = { plan: 'Beginner', interval: 'month' as const, at }
  const waiting = planStatusOf({ ...daily, nextPayment, scheduledChange }, context)

  test('the downgrade is shown as the next event, with its own credits', () => {
    expect(waiting.next).toEqual({
      term: 'Changes on',
      value: '1 Jun',
      note: 'Then Beginner: you pay $10.00, and 1,000 credits will be added.',
      credits: 1000,
    })
  })

  test('the downgrade can be undone from every place that shows it', () => {
    expect(waiting.notices).toEqual([
      { tone: 'ochre', text: 'Your plan changes to Beginner on 1 Jun.', action: 'undo-change' },
    ])
  })

  test('the downgrade is shown after more severe notices', () => {
    const scheduledChange = { plan: 'Daily', interval: 'year' as const, at }
    const both = planStatusOf({ ...daily, scheduledChange }, { ...context, frozen: 'dispute' })

    expect(both.notices.map(({ tone }) => tone)).toEqual(['red', 'ochre'])
    expect(both.notices[1]?.text).toBe('Daily is paid by the year from 1 Jun.')
  })
})

test.each([
  ['cancellation_requested', 'You canceled it.'],
  ['payment_failed', 'Your payment failed and retries ran out.'],
])('a plan that ended with %s says why', (endedReason, note) => {
  const ended = { ...daily, stripeSubscriptionId: null, plan: 'Free', status: 'canceled', endedReason }

  expect(planStatusOf(ended, context)).toMatchObject({
    plan: 'Free',
    isLive: false,
    next: { value: 'Ended', note },
  })
})

test('the balance is not labeled as spendable while spending is paused', () => {
  const free = planStatusOf(daily, context)
  const disputed = planStatusOf(daily, { ...context, frozen: 'dispute' })

  expect(pausesOf(free)).toEqual([])
  expect(toBalanceView(balance, free, context).label).toBe('Credits you can spend now')
  expect(pausesOf(disputed)).toHaveLength(1)
  expect(toBalanceView({ ...balance, frozen: 'dispute' }, disputed, context).label).toBe(
    'Your credits, kept while spending is paused',
  )
})

describe('the main button beside the balance', () => {
  const mainOf = (credits: number, subscription: Partial<Subscription> | null, frozen: string | null = null) => {
    const standing = planStatusOf(subscription && { ...daily, ...subscription }, { ...context, credits, frozen })
    return toBalanceView(aBalance({ credits }), standing, context).main
  }
  const soon = new Date('2026-05-06T12:00:00Z')
  const over = new Date('2026-05-03T12:00:00Z')

  test.each<[string, string | null, () => string | null]>([
    ['spends while there are credits', 'use', () => mainOf(5, null)],
    ['spends during the grace period', 'use', () => mainOf(5, { status: 'past_due', gracePeriodEnd: soon })],
    ['buys at zero', 'buy', () => mainOf(0, null)],
    ['buys in debt', 'buy', () => mainOf(-5, {})],
    ['pays the amount due at zero', 'update-card', () => mainOf(0, { status: 'past_due', gracePeriodEnd: soon })],
    ['pays while spending is paused', 'update-card', () => mainOf(5, { status: 'past_due', gracePeriodEnd: over })],
    ['leads to the bank for authentication', 'confirm', () => mainOf(5, { status: 'unpaid', confirmationAsked: true })],
    ['restarts a paused plan at zero', 'restart', () => mainOf(0, { status: 'paused' })],
    ['is absent during a dispute, which only the bank can end', null, () => mainOf(5, {}, 'dispute')],
  ])('the main button %s', (_, way, main) => {
    expect(main()).toBe(way)
  })
})

test('a due payment is a warning on the action page before spending is paused', () => {
  const due = planStatusOf({ ...daily, status: 'past_due', gracePeriodEnd: new Date('2026-05-06T12:00:00Z') }, context)

  expect(warningsOf(due)).toMatchObject([{ tone: 'ochre', action: 'update-card' }])
  expect(warningsOf(planStatusOf(daily, context))).toEqual([])
})
