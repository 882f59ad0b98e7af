import { describe, expect, test } from 'vitest'
import type { User } from '#models/user.server.ts'
import { toBalanceView } from '#app/routes/_app.dashboard/balance-view.ts'
import { pausesOf, standingOf } from '#app/standing.ts'
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

describe('a smaller plan that waits', () => {
  const at = daily.currentPeriodEnd!
  const waiting = standingOf({ ...daily, scheduledChange: { plan: 'Beginner', interval: 'month', at } }, context)

  test('is told as what comes next, with its own credits', () => {
    expect(waiting.next).toEqual({
      term: 'Changes on',
      value: '1 Jun',
      note: 'Then Beginner: it will add 1,000 credits.',
      credits: 1000,
    })
  })

  test('can be undone from wherever it is told', () => {
    expect(waiting.notices).toEqual([{ tone: 'ochre', text: 'Changes to Beginner on 1 Jun.', action: 'undo-change' }])
  })

  test('comes after what is graver', () => {
    const scheduledChange = { plan: 'Daily', interval: 'year' as const, at }
    const both = standingOf({ ...daily, scheduledChange }, { ...context, frozen: 'dispute' })

    expect(both.notices.map(({ tone }) => tone)).toEqual(['red', 'ochre'])
    expect(both.notices[1]?.text).toBe('Daily is paid by the year from 1 Jun.')
  })
})

test.each([
  ['cancellation_requested', 'You canceled it.'],
  ['payment_failed', 'Its payment failed and could not be repeated.'],
])('a plan that ended says why: %s', (endedReason, note) => {
  const ended = { ...daily, stripeSubscriptionId: null, plan: 'Free', status: 'canceled', endedReason }

  expect(standingOf(ended, context)).toMatchObject({ plan: 'Free', isLive: false, next: { value: 'Has ended', note } })
})

test('while spending is paused the figure is not called what one can spend', () => {
  const free = standingOf(daily, context)
  const disputed = standingOf(daily, { ...context, frozen: 'dispute' })

  expect(pausesOf(free)).toEqual([])
  expect(toBalanceView(balance, free, context).label).toBe('Credits you can spend now')
  expect(pausesOf(disputed)).toHaveLength(1)
  expect(toBalanceView({ ...balance, frozen: 'dispute' }, disputed, context).label).toBe(
    'Your credits, kept while spending is paused',
  )
})
