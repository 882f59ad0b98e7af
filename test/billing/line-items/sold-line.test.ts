import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { creditsForInvoice } from '#app/billing/line-items/credits-for-invoice.ts'
import { CreditsNotComputable } from '#app/billing/errors.ts'
import { findPack, findPlan } from '#app/billing/plans.ts'
import type { BillingInterval } from '#app/billing/billing-interval.ts'
import { creditsByLine, type PackLine, type PlanLine, type SoldLine } from '#app/billing/line-items/sold-line.ts'

const common = {
  id: 'il_1',
  quantity: 1,
  proration: false,
  periodStart: new Date('2026-01-31T10:00:00Z'),
  periodEnd: new Date('2026-02-28T10:00:00Z'),
}
const plan = (change: Partial<PlanLine> = {}): PlanLine => ({
  ...common,
  ...{ kind: 'plan', plan: findPlan('Beginner')!, interval: 'month', intervalCount: 1 },
  ...{ amount: 1000, unitAmount: '1000' },
  ...change,
})
const pack = (change: Partial<PackLine> = {}): PackLine => ({
  ...common,
  ...{ kind: 'pack', pack: findPack('2000')!, amount: 2200, unitAmount: '2200' },
  ...change,
})
const unknown = (amount: number): SoldLine => ({
  ...common,
  ...{ kind: 'unknown', priceId: 'price_1', amount, unitAmount: null },
})
const creditsOf = (...lines: SoldLine[]) => creditsByLine(lines).map(({ credits }) => credits)
const compute = (...lines: SoldLine[]) => creditsForInvoice(lines, { gracePeriodDays: 3 })

describe('a plan at a billing interval other than a month or a year', () => {
  it.each<[name: string, interval: BillingInterval, credits: number]>([
    ['a quarter', { interval: 'month', intervalCount: 3 }, 3000],
    ['half a year', { interval: 'month', intervalCount: 6 }, 6000],
    ['a year', { interval: 'year', intervalCount: 1 }, 12_000],
    ['two years', { interval: 'year', intervalCount: 2 }, 24_000],
    ['a week, a year having 52', { interval: 'week', intervalCount: 1 }, 230],
    ['four weeks', { interval: 'week', intervalCount: 4 }, 923],
    ['a day, a year having 365', { interval: 'day', intervalCount: 1 }, 32],
    ['ten days', { interval: 'day', intervalCount: 10 }, 328],
  ])('a price for %s grants the credits of the months that are sold', (_, interval, credits) => {
    expect(creditsOf(plan(interval))).toEqual([credits])
    expect(creditsOf(plan({ ...interval, amount: 2000, quantity: 2 }))[0]).toBeGreaterThanOrEqual(2 * credits)
  })

  it('credits of another interval are rounded once, toward zero, over the whole invoice', () => {
    const week = plan({ interval: 'week' })
    expect(compute(week, week, week, week).credits).toBe(923)
    expect(compute(plan({ interval: 'week', amount: -1000, proration: true })).credits).toBe(-230)
  })

  it('a plan in monthly shares has as many as its interval has months, and a shorter one is granted at once', () => {
    const monthly = { ...findPlan('Beginner')!, yearlyCredits: 'monthly' as const }
    const ends = (text: string) => ({ plan: monthly, periodEnd: new Date(text) })
    const quarter = compute(plan({ intervalCount: 3, ...ends('2026-04-30T10:00:00Z') }))
    expect(quarter.shares.map(({ credits }) => credits)).toEqual([1000, 1000, 1000])
    const twoYears = compute(plan({ interval: 'year', intervalCount: 2, ...ends('2028-01-31T10:00:00Z') }))
    expect(twoYears.shares).toHaveLength(24)
    expect(compute(plan({ interval: 'week', ...ends('2026-02-07T10:00:00Z') })).shares).toHaveLength(1)
  })
})

describe('a pack among the lines', () => {
  it('a pack grants its credits times its quantity, and they never expire', () => {
    const expiring = { ...findPlan('Beginner')!, unusedCredits: 'expire' as const }
    const { credits, shares } = compute(plan({ plan: expiring }), pack({ quantity: 2, amount: 4400 }))
    expect(credits).toBe(5000)
    const [ofPlan, ofPacks] = shares
    expect(ofPlan).toMatchObject({ credits: 1000, effectiveAt: null, expiresAt: new Date('2026-03-03T10:00:00Z') })
    expect(ofPacks).toEqual({
      ...{ credits: 4000, effectiveAt: null, expiresAt: null },
      packs: [pack({ quantity: 2, amount: 4400 })],
    })
  })

  it('a pack at a price without a fixed amount grants the same, whatever was paid', () => {
    expect(creditsOf(pack({ unitAmount: null, amount: 777 }))).toEqual([2000])
  })

  it('a pack at $0 grants its credits, and a pack in a trial grants none', () => {
    expect(creditsOf(pack({ amount: 0, unitAmount: '0' }))).toEqual([2000])
    expect(creditsOf(pack({ amount: 0 }))).toEqual([0])
  })

  it('a pack sold by the month is prorated, and unused time is taken back', () => {
    expect(creditsOf(pack({ proration: true, amount: 1100 }))).toEqual([1000])
    expect(creditsOf(pack({ proration: true, amount: -1100 }))).toEqual([-1000])
  })

  it('a pack offsets what a plan takes back', () => {
    const { credits, shares } = compute(plan({ amount: -500, proration: true }), pack())
    expect(credits).toBe(1500)
    expect(shares).toMatchObject([{ credits: 1500, packs: [pack()] }])
  })
})

describe('what cannot be computed', () => {
  it.each<[name: string, line: SoldLine]>([
    ['a plan at a tiered price', plan({ unitAmount: null })],
    ['a plan at a negative price', plan({ unitAmount: '-1000', amount: -1000 })],
    ['a pack at a negative price', pack({ unitAmount: '-2200', amount: -2200 })],
    ['an object tagged as ours that the plan file lacks', unknown(500)],
  ])('a line with %s is refused instead of guessed', (_, line) => {
    expect(() => creditsByLine([plan(), line])).toThrow(CreditsNotComputable)
  })

  it('a line that cannot be computed blocks nothing if nothing was paid for it', () => {
    expect(creditsOf(plan(), plan({ unitAmount: null, amount: 0 }), unknown(0))).toEqual([1000, 0, 0])
  })
})

describe('a plan at a price of $0', () => {
  it('a plan at a price of $0 grants the plan’s credits, as a 100% coupon does', () => {
    expect(compute(plan({ amount: 0, unitAmount: '0' }))).toMatchObject({ credits: 1000, trialCredits: 0 })
    expect(compute(plan({ amount: 0, unitAmount: '0.00', quantity: 3 })).credits).toBe(3000)
  })

  it('a plan at a price of $0 grants none for a part of a period, and a quantity of zero grants none', () => {
    expect(compute(plan({ amount: 0, unitAmount: '0', proration: true })).credits).toBe(0)
    expect(compute(plan({ amount: 0, unitAmount: '0', quantity: 0 })).credits).toBe(0)
    expect(compute(plan({ amount: 0, quantity: 0 }))).toMatchObject({ credits: 0, trialCredits: 0 })
  })
})

it('the credits of the lines add up to those of the invoice, each within one of its own', () => {
  const lines = fc.array(
    fc.record({
      amount: fc.integer({ min: -3000, max: 3000 }),
      unitAmount: fc.constantFrom('1000', '700', '333', '0.5'),
      interval: fc.constantFrom<BillingInterval['interval']>('day', 'week', 'month', 'year'),
      intervalCount: fc.integer({ min: 1, max: 12 }),
    }),
    { minLength: 1, maxLength: 8 },
  )
  fc.assert(
    fc.property(lines, (changes) => {
      const sold = changes.map((change) => plan({ ...change, proration: true }))
      const credits = creditsOf(...sold)
      expect(credits.reduce((sum, one) => sum + one, 0)).toBe(compute(...sold).credits)
      for (const [index, line] of sold.entries()) {
        const alone = compute(line).credits
        expect(Math.abs(credits[index]! - alone)).toBeLessThanOrEqual(1)
      }
    }),
  )
})
