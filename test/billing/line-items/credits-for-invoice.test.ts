import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addMonths, creditsForInvoice } from '#app/billing/line-items/credits-for-invoice.ts'
import type { PlanLine } from '#app/billing/line-items/sold-line.ts'
import { CreditsNotComputable } from '#app/billing/errors.ts'
import { findPlan, type Plan } from '#app/billing/plans.ts'

const plan = (name: string, change: Partial<Plan> = {}): Plan => ({ ...findPlan(name)!, ...change })
const START = new Date('2026-01-31T10:00:00Z')

const line = (change: Partial<PlanLine>): PlanLine => ({
  kind: 'plan',
  id: 'il_1',
  plan: plan('Beginner'),
  interval: 'month',
  intervalCount: 1,
  amount: 1000,
  unitAmount: '1000',
  quantity: 1,
  proration: false,
  periodStart: START,
  periodEnd: new Date('2026-02-28T10:00:00Z'),
  ...change,
})

const yearly = (change: Partial<PlanLine> = {}) =>
  line({
    interval: 'year',
    amount: 10_000,
    unitAmount: '10000',
    periodEnd: new Date('2027-01-31T10:00:00Z'),
    ...change,
  })

/** The terms of Beginner's credits as shipped. */
const rollsOver = { plan: 'Beginner', limit: null, periodStart: START, renews: false }

const compute = (...lines: PlanLine[]) => creditsForInvoice(lines, { gracePeriodDays: 3 })

describe('the credits of an invoice', () => {
  it('a month of a plan grants the plan’s credits', () => {
    expect(compute(line({}))).toMatchObject({
      credits: 1000,
      trialCredits: 0,
      shares: [{ credits: 1000, effectiveAt: null, expiresAt: null, rollover: rollsOver }],
    })
  })

  it('a yearly grant is twelve months’ credits', () => {
    expect(compute(yearly()).shares).toEqual([
      { credits: 12_000, effectiveAt: null, expiresAt: null, rollover: rollsOver },
    ])
  })

  it('a quantity of two grants twice the credits', () => {
    expect(compute(line({ amount: 2000, quantity: 2 })).credits).toBe(2000)
  })

  it('an upgrade in mid-month grants the new plan’s credits less the unused part of the old plan’s', () => {
    const daily = line({ plan: plan('Daily'), unitAmount: '1800', amount: 900, proration: true })
    expect(compute(line({ amount: -500, proration: true }), daily).credits).toBe(500)
  })

  it('credits are rounded once, toward zero, over the sum', () => {
    expect(compute(line({ amount: 333 }), line({ amount: 333 })).credits).toBe(666)
    expect(compute(line({ amount: 1, unitAmount: '3000' }), line({ amount: 1, unitAmount: '3000' })).credits).toBe(0)
    expect(compute(line({ amount: -1, unitAmount: '600' })).credits).toBe(-1)
  })

  it('an invoice whose credits for unused time exceed its sales takes credits', () => {
    const result = compute(line({ plan: plan('Creator'), unitAmount: '4000', amount: -2000, proration: true }))
    expect(result).toMatchObject({ credits: -2500, trialCredits: 0, shares: [] })
  })

  it('prices below one cent grant exact credits', () => {
    expect(compute(line({ amount: 5, unitAmount: '0.5' })).credits).toBe(10_000)
  })

  it('a trial grants its own credits, without a division', () => {
    const withTrial = plan('Beginner', { trial: { days: 7, credits: 50 } })
    expect(compute(line({ plan: withTrial, amount: 0 }))).toMatchObject({ credits: 0, trialCredits: 50, shares: [] })
  })

  it.each([null, '0', '0.00', ''])('a price of %j is refused instead of guessed (H36)', (unitAmount) => {
    expect(() => compute(line({ unitAmount }))).toThrow(CreditsNotComputable)
  })

  it('a 100% coupon leaves the line and its credits unchanged (H36)', () => {
    expect(compute(line({ amount: 1000 })).credits).toBe(1000)
  })

  it('the credits do not depend on how the lines are split', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 8 }), (amounts) => {
        const whole = amounts.reduce((sum, amount) => sum + amount, 0)
        const parts = compute(...amounts.map((amount) => line({ amount, proration: true })))
        expect(parts.credits).toBe(Math.trunc((1000 * whole) / 1000))
      }),
    )
  })
})

describe('monthly shares of a yearly plan', () => {
  const monthly = plan('Beginner', { yearlyCredits: 'monthly' })

  it('a yearly plan has twelve monthly shares, the first at payment, each a month after the one before', () => {
    const { shares } = compute(yearly({ plan: monthly }))
    expect(shares.map(({ credits }) => credits)).toEqual(Array(12).fill(1000))
    expect(shares[0]?.effectiveAt).toBeNull()
    expect(shares.map(({ effectiveAt }) => effectiveAt?.toISOString().slice(0, 10)).slice(1, 4)).toEqual([
      '2026-02-28',
      '2026-03-31',
      '2026-04-30',
    ])
  })

  it('the rest of a year has as many monthly shares as months', () => {
    const rest = yearly({ plan: monthly, amount: 2500, proration: true, periodStart: new Date('2026-10-31T10:00:00Z') })
    const { shares } = compute(rest)
    expect(shares).toHaveLength(3)
    expect(shares.reduce((sum, { credits }) => sum + credits, 0)).toBe(3000)
  })

  it('a monthly share that expires outlives its month by the grace period (H35)', () => {
    const { shares } = compute(yearly({ plan: { ...monthly, unusedCredits: 'expire' } }))
    expect(shares[0]?.expiresAt?.toISOString()).toBe('2026-03-03T10:00:00.000Z')
    expect(shares[11]?.expiresAt?.toISOString()).toBe('2027-02-03T10:00:00.000Z')
  })

  it('a monthly share paid late lasts as long from the payment', () => {
    const sold = yearly({ plan: { ...monthly, unusedCredits: 'expire' } })
    const paidAt = new Date('2026-04-10T10:00:00Z')
    const { shares } = creditsForInvoice([sold], { gracePeriodDays: 3, paidAt })
    const ends = shares.map(({ expiresAt }) => expiresAt?.toISOString().slice(0, 10))
    expect(ends.slice(0, 4)).toEqual(['2026-05-11', '2026-05-14', '2026-05-03', '2026-06-03'])
  })

  it('monthly shares record the cap of their plan, and each month but the first begins a period', () => {
    const { shares } = compute(yearly({ plan: { ...monthly, unusedCredits: { cap: 300 } } }))
    expect(shares.map(({ rollover }) => rollover?.renews)).toEqual([false, ...Array<boolean>(11).fill(true)])
    expect(shares[2]?.rollover).toMatchObject({ plan: 'Beginner', limit: 300, periodStart: shares[2]?.effectiveAt })
  })

  it('the monthly shares of any yearly plan add up', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 0, max: 364 }), (amount, days) => {
        const periodStart = new Date(START.getTime() + days * 86_400_000)
        const { credits, shares } = compute(yearly({ plan: monthly, amount, periodStart }))
        expect(shares.reduce((sum, share) => sum + share.credits, 0)).toBe(credits)
      }),
    )
  })
})

describe('addMonths', () => {
  it('addMonths keeps the day, or takes the last of the month', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 31 }), fc.integer({ min: 0, max: 48 }), (day, months) => {
        const anchor = new Date(Date.UTC(2024, 0, day, 23, 59))
        const result = addMonths(anchor, months)
        const last = new Date(Date.UTC(2024, months + 1, 0)).getUTCDate()
        expect(result.getUTCDate()).toBe(Math.min(day, last))
        expect(result.getUTCMonth()).toBe(months % 12)
      }),
    )
  })
})
