import { describe, expect, test } from 'vitest'
import { NEVER } from '#models/credit-account.server.ts'
import { firstLines } from '#app/routes/_app.dashboard/first-lines.ts'
import { toBalanceView } from '#app/routes/_app.dashboard/balance-view.ts'
import type { PlanChangePreview } from '#app/billing/plan-changes/change-preview.server.ts'
import { toChangeView } from '#app/routes/_app.billing.change/change-view.ts'
import { exampleLedger, exampleSum } from '#app/routes/_index/example.server.ts'
import { planOffers, yearlySaving } from '#app/routes/pricing/offers.server.ts'
import { planStatusOf } from '#app/plan-status/plan-status.ts'
import { aBalance } from './a-balance.ts'

const now = new Date('2026-05-04T12:00:00Z')
const context = { now, timeZone: 'UTC' }

describe('the note of the overview', () => {
  const free = planStatusOf(null, { ...context, gracePeriodDays: 3, credits: 0, frozen: null })

  test('the note says how much is reserved and for how many actions', () => {
    const hold = { id: 'h', amount: 60, action: 'qr-code', expiresAt: NEVER, createdAt: now }

    expect(toBalanceView(aBalance({ held: 60, holds: [hold] }), free, context).sentences).toEqual([
      '60 more are reserved for 1 running action.',
    ])
  })

  test('the note explains a debt and how to settle it', () => {
    const view = toBalanceView(aBalance({ credits: -160, debt: 160 }), free, context)

    expect(view.credits).toBe('\u2212160')
    expect(view.isNegative).toBe(true)
    expect(view.sentences[0]).toContain('The next 160 credits you get will settle this.')
  })

  test('the note at zero says when more credits come', () => {
    const nextArrival = { credits: 2000, at: new Date('2026-06-01T00:00:00Z') }

    expect(toBalanceView(aBalance({ credits: 0, nextArrival }), free, context).sentences).toEqual([
      '2,000 credits arrive on 1 Jun.',
    ])
  })
})

test('the latest ledger entries keep the sum of their whole day', () => {
  const line = (id: string) => ({ id, title: id, source: '', credits: -1, balance: 1, detail: [], run: null })
  const days = [
    { date: '2026-05-02', label: 'Sat 2 May', sum: -2, lines: [line('a'), line('b')] },
    { date: '2026-05-01', label: 'Fri 1 May', sum: -2, lines: [line('c'), line('d')] },
    { date: '2026-04-30', label: 'Thu 30 Apr', sum: -1, lines: [line('e')] },
  ]

  const cut = firstLines(days, 3)

  expect(cut.map((day) => day.lines.length)).toEqual([2, 1])
  expect(cut[1]?.sum).toBe(-2)
})

describe('the prices on the pages', () => {
  test('every price is computed from the catalog', () => {
    const daily = planOffers().find(({ name }) => name === 'Daily')

    expect(daily?.prices.month).toMatchObject({ amount: '$18', per: 'a month', unitPrice: '$0.90 per 100 credits' })
    expect(daily?.prices.year).toMatchObject({
      amount: '$180',
      note: '$15.00 a month, saves $36',
      credits: '24,000 credits at once',
    })
    expect(yearlySaving()).toBe('two months free')
  })

  test('the example on the landing page adds up', () => {
    const days = exampleLedger(now)
    const lines = days.flatMap((day) => day.lines)
    const total = lines.reduce((sum, line) => sum + line.credits, 0)

    expect(lines[0]?.balance).toBe(total)
    expect(days.reduce((sum, day) => sum + day.sum, 0)).toBe(total)
    expect(exampleSum()).toMatchObject({ plan: 'Daily', price: '$18.00', credits: '2,000' })
  })
})

describe('the preview of a plan change', () => {
  const BROUGHT = 'Daily includes 1,133 credits for 17 days. Beginner already added 567 of them, so 566 are added now.'
  const periodEnd = new Date('2026-05-21T12:00:00Z')
  const each = (amount: number, credits: number) => ({ amount, credits, currency: 'usd', isExact: true })
  const after = (amount: number, credits: number, interval: 'month' | 'year' = 'month', at = periodEnd) => ({
    next: { ...each(amount, credits), at },
    price: { ...each(amount, credits), interval, intervalCount: 1 },
  })
  const preview: PlanChangePreview = {
    from: { plan: 'Beginner', interval: 'month', intervalCount: 1 },
    to: { plan: 'Daily', interval: 'month' },
    when: 'now',
    at: now,
    amountDue: 453,
    credits: 566,
    creditsAtOnce: 566,
    currency: 'usd',
    lines: [
      { description: 'Unused time on Beginner', amount: -567, credits: -567 },
      { description: 'Remaining time on Daily', amount: 1020, credits: 1133 },
    ],
    discount: 0,
    after: after(1800, 2000),
    endsAt: null,
    beside: [],
    prorationDate: now,
  }
  const view = (changes: Partial<PlanChangePreview> = {}) =>
    toChangeView({ ...preview, ...changes }, { ...context, periodEnd, credits: 1000, losses: [], gracePeriodDays: 3 })

  test('the preview has totals in money and credits that add up', () => {
    expect(view().sum).toEqual({
      rows: [
        { label: 'Daily, 17 days', money: '$10.20' },
        { label: 'Returned for unused time on Beginner, 17 days', money: '$5.67' },
      ],
      total: { money: '$4.53', credits: '566 credits' },
    })
    expect(view().sentences[0]).toBe(BROUGHT)
  })

  test('the preview puts the amount on the button and says what comes next', () => {
    expect(view().button).toBe('Pay $4.53 and change to Daily')
    expect(view().keep).toBe('Keep Beginner')
    expect(view().sentences).toEqual([BROUGHT, 'From 21 May: $18.00 and 2,000 credits each month.'])
  })

  test('the preview lists what is no proration: tax and the amount due', () => {
    const rows = view({ amountDue: 400 }).sum?.rows ?? []

    expect(rows.at(-1)).toEqual({ label: 'Tax and account balance', money: '\u2212$0.53' })
  })

  test('the preview shows what a coupon takes off the new plan or took off the old one', () => {
    const half = view({ discount: 226, amountDue: 227 }).sum?.rows ?? []
    expect(half.slice(2)).toEqual([{ label: 'Discount', money: '\u2212$2.26' }])

    const spent = view({ discount: -283, amountDue: 750 }).sum?.rows ?? []
    const had = { label: 'Discount on Beginner', money: '$2.83' }
    expect(spent.slice(2)).toEqual([had, { label: 'Tax and account balance', money: '$0.14' }])
  })

  test('the preview states the first payment after a discount ends, and no amount if it is unknown', () => {
    const { price } = preview.after
    const later = { when: 'period-end', at: periodEnd, to: { plan: 'Beginner', interval: 'month' } } as const
    const sentences = (changes: Partial<PlanChangePreview>) => view({ lines: [], ...changes }).sentences
    const first = { ...each(900, 2000), at: periodEnd }
    expect(sentences({ after: { next: first, price } })).toEqual([
      'On 21 May: $9.00 and 2,000 credits.',
      'After that: $18.00 and 2,000 credits each month.',
    ])
    expect(sentences({ after: { next: null, price } })).toEqual([
      'Daily after that: $18.00 and 2,000 credits each month.',
    ])
    expect(sentences({ after: { next: null, price: null }, endsAt: periodEnd })).toEqual([
      'Your subscription ends on 21 May.',
    ])
    expect(sentences({ ...later, after: { next: null, price: null } })).toContain('From 21 May: Beginner.')
    expect(sentences({ ...later, after: after(1000, 1000) })).toContain(
      'From 21 May: Beginner, $10.00 and 1,000 credits each month.',
    )
  })

  test('the preview names the other items of the subscription and that they stay', () => {
    const addOn = { name: 'Priority queue', quantity: 2, unitAmount: 500, interval: 'month', intervalCount: 1 } as const
    const unknown = { ...addOn, name: null, unitAmount: null }
    expect(view({ beside: [addOn, unknown] }).sentences.slice(-2)).toEqual([
      'Priority queue stays: 2 × $5.00 a month.',
      'Everything else stays as it is.',
    ])
  })

  test('the preview of a downgrade says that nothing happens today', () => {
    const later = view({
      from: { plan: 'Daily', interval: 'month', intervalCount: 1 },
      to: { plan: 'Beginner', interval: 'month' },
      when: 'period-end',
      at: periodEnd,
      amountDue: 0,
      credits: 0,
      lines: [],
      after: after(1000, 1000),
    })

    expect(later.sum).toBeNull()
    expect(later.isPaidNow).toBe(false)
    expect(later.button).toBe('Change to Beginner on 21 May')
    expect(later.sentences).toContain('You keep your 1,000 credits.')
    expect(later.sentences[0]).toBe('Nothing changes today and nothing is charged. Daily stays active until 21 May.')
  })

  test('the preview of a yearly interval does not call it another plan', () => {
    const year = after(10_000, 12_000, 'year', new Date('2027-05-04T12:00:00Z'))
    const yearly = view({ to: { plan: 'Beginner', interval: 'year' }, after: year })

    expect(yearly.title).toBe('Pay Beginner yearly')
    expect(yearly.button).toBe('Pay $4.53 and change')
    expect(yearly.keep).toBe('Keep paying monthly')
    expect(yearly.sum?.rows[0]?.label).toBe('Beginner, one year')
    expect(yearly.sentences.slice(1)).toEqual(['From 4 May 2027: $100.00 and 12,000 credits each year.'])
  })

  test('unusual lines keep the description of the invoice', () => {
    const lines = [...preview.lines, { description: 'Setup', amount: 0, credits: 0 }]

    expect(view({ lines }).sum?.rows.map(({ label }) => label)).toEqual([
      'Remaining time on Daily',
      'Setup',
      'Unused time on Beginner',
    ])
  })
})
