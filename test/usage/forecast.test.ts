import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { cheapestPack, runsOutAt } from '#app/usage/forecast.ts'
import { monthView } from '#app/usage/month-view.ts'
import type { Balance } from '#app/credits/balance.server.ts'
import { type Grant, NEVER } from '#models/credit-account.server.ts'

const NOW = new Date('2026-04-08T10:00:00Z')
const DAY = 86_400_000
const inDays = (days: number) => new Date(NOW.getTime() + days * DAY)

function grant(remaining: number, terms: Partial<Grant> = {}): Grant {
  return {
    id: `g${remaining}`,
    source: { type: 'payment', id: 'pi' },
    category: 'paid',
    priority: 50,
    granted: remaining,
    remaining,
    reserved: [],
    started: true,
    expired: false,
    effectiveAt: NOW,
    expiresAt: NEVER,
    createdAt: NOW,
    ...terms,
  }
}

describe('runsOutAt', () => {
  test('credits without an expiry last their number divided by the pace', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 500 }), (credits, perDay) => {
        const end = runsOutAt([grant(credits)], perDay, NOW)
        const days = credits / perDay
        if (days >= 365) expect(end).toBeNull()
        else expect(Math.abs(end!.getTime() - inDays(days).getTime())).toBeLessThan(1_000)
      }),
    )
  })

  test('credits that expire first burn first, and what is left of them is lost', () => {
    expect(runsOutAt([grant(100), grant(50, { expiresAt: inDays(3) })], 10, NOW)).toEqual(inDays(13))
  })

  test('credits that start later count from then on, and a gap before them is the end', () => {
    const later = grant(100, { started: false, remaining: 0, granted: 100, effectiveAt: inDays(4) })
    expect(runsOutAt([grant(50), later], 10, NOW)).toEqual(inDays(15))
    expect(runsOutAt([grant(20), later], 10, NOW)).toEqual(inDays(2))
  })

  test('at no pace they never run out', () => {
    expect(runsOutAt([grant(1)], 0, NOW)).toBeNull()
  })
})

test('the cheapest pack that is enough is offered, else the largest', () => {
  const packs = [500, 2_000, 10_000].map((credits) => ({ credits, price: { amount: credits } }))
  expect(cheapestPack(packs, 501)?.credits).toBe(2_000)
  expect(cheapestPack(packs, 50_000)?.credits).toBe(10_000)
  expect(cheapestPack([], 1)).toBeNull()
})

describe('the summary of the month', () => {
  const day = (spent: number) => ({ spent, byAction: new Map(), granted: 0, removed: 0 })
  const balance = (grants: Grant[]) =>
    ({ credits: grants.reduce((sum, { remaining }) => sum + remaining, 0), grants }) as Balance
  const user = { timeZone: 'UTC', subscription: null }

  test('a month is compared with the last one up to the same day', () => {
    const sums = new Map([
      ['2026-03-01', day(100)],
      ['2026-03-08', day(100)],
      ['2026-03-09', day(1_000)],
      ['2026-04-01', day(150)],
      ['2026-04-08', day(150)],
    ])
    expect(monthView(sums, balance([grant(10)]), user, NOW)).toMatchObject({
      spent: '300',
      before: '200',
      change: '50% more',
    })
  })

  test('the last day of March is compared with all of February', () => {
    const sums = new Map([
      ['2026-02-28', day(50)],
      ['2026-03-01', day(25)],
    ])
    expect(monthView(sums, balance([]), user, new Date('2026-03-31T10:00:00Z'))).toMatchObject({
      spent: '25',
      before: '50',
      change: '50% less',
    })
  })

  test('the forecast names the day and the cheapest pack that covers the next 30 days', () => {
    const sums = new Map([['2026-04-05', day(350)]])
    expect(monthView(sums, balance([grant(600)]), user, NOW)).toMatchObject({
      before: '0',
      change: null,
      forecast: 'At this week’s pace, about 50 credits a day, your credits last until 20 Apr.',
      cover: { text: 'Buy 2,000 credits, $22', to: '/billing?pack=2000#packs' },
    })
  })

  test('credits that last until the renewal need no pack', () => {
    const sums = new Map([['2026-04-05', day(70)]])
    const subscription = { status: 'active', cancelAtPeriodEnd: false, currentPeriodEnd: inDays(20) }
    const view = monthView(sums, balance([grant(600)]), { ...user, subscription } as never, NOW)
    expect(view).toMatchObject({
      forecast: 'At this week’s pace, about 10 credits a day, your credits last until your plan renews on 28 Apr.',
      cover: null,
    })
  })

  test('without spending or credits it says so', () => {
    expect(monthView(new Map(), balance([grant(5)]), user, NOW).forecast).toBe('You spent nothing in the last 7 days.')
    expect(monthView(new Map(), balance([]), user, NOW).forecast).toBe('You have no credits to spend.')
  })
})
