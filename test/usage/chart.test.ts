import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BARS,
  type Bar,
  barsOf,
  busiestDay,
  type DaySums,
  drawChart,
  PERIODS,
  scaleFor,
  totalOf,
} from '#app/usage/chart.ts'
import { daysUpTo } from '#app/usage/days.ts'

const nothing: DaySums = { spent: 0, granted: 0, lost: 0 }

describe('barsOf', () => {
  test.each(PERIODS)('makes thirty bars of %i days and loses none of them', (period) => {
    const days = daysUpTo('2026-05-30', period)
    const bars = barsOf(days, new Map(days.map((day) => [day, { spent: 1, granted: 2, lost: 3 }])))

    expect(bars).toHaveLength(BARS)
    expect(bars[0]?.from).toBe(days[0])
    expect(bars.at(-1)?.to).toBe('2026-05-30')
    expect(totalOf(bars)).toEqual({ spent: period, granted: 2 * period, lost: 3 * period })
  })

  test('gives no bar more than one day more than another', () => {
    const days = daysUpTo('2026-05-30', 365)
    const lengths = barsOf(days, new Map(days.map((day) => [day, { ...nothing, spent: 1 }]))).map((bar) => bar.spent)

    expect(new Set(lengths)).toEqual(new Set([12, 13]))
  })
})

describe('scaleFor', () => {
  test('takes steps of 1, 2, 5 and their tens', () => {
    expect(scaleFor(3, 0)).toMatchObject({ step: 1, top: 3, bottom: 0, rules: [3, 2, 1] })
    expect(scaleFor(25, 1)).toMatchObject({ step: 20, top: 40, bottom: 20, rules: [40, 20, -20] })
    expect(scaleFor(2000, 180)).toMatchObject({ step: 1000, top: 2000, bottom: 1000 })
  })

  test('keeps room on both sides of zero where nothing moved', () => {
    expect(scaleFor(0, 0)).toEqual({ step: 1, top: 1, bottom: 1, rules: [1, -1] })
  })

  test('covers every value with at most three rules', () => {
    fc.assert(
      fc.property(fc.nat(2_000_000_000), fc.nat(2_000_000_000), (above, below) => {
        const { top, bottom, rules } = scaleFor(above, below)

        expect(top).toBeGreaterThanOrEqual(above)
        expect(bottom).toBeGreaterThanOrEqual(below)
        expect(rules.length).toBeLessThanOrEqual(3)
      }),
    )
  })
})

describe('drawChart', () => {
  const bar = (sums: Partial<DaySums>): Bar => ({ from: '2026-05-01', to: '2026-05-01', ...nothing, ...sums })

  test('draws granted upward and spent downward, with lost below spent', () => {
    const { zeroY, bars } = drawChart([bar({ granted: 20, spent: 10, lost: 5 })], { width: 720, height: 240 })
    const { granted, spent, lost } = bars[0] ?? {}

    expect((granted?.y ?? 0) + (granted?.height ?? 0)).toBeCloseTo(zeroY, 1)
    expect(spent?.y).toBe(zeroY)
    expect(lost?.y).toBeCloseTo(zeroY + (spent?.height ?? 0), 1)
    expect((spent?.height ?? 0) / (granted?.height ?? 1)).toBeCloseTo(0.5, 1)
  })

  test('shows the smallest bar beside the greatest', () => {
    const { bars } = drawChart([bar({ granted: 12_000 }), bar({ spent: 1 })], { width: 358, height: 200 })

    expect(bars[1]?.spent?.height).toBeGreaterThanOrEqual(2)
  })

  test('draws nothing for zero, and no number that is not finite', () => {
    const drawing = drawChart(
      Array.from({ length: BARS }, () => bar({})),
      { width: 720, height: 240 },
    )

    expect(drawing.bars.every(({ spent, granted, lost }) => !spent && !granted && !lost)).toBe(true)
    expect(JSON.stringify(drawing)).not.toMatch(/null,"y"|NaN/)
  })
})

describe('busiestDay', () => {
  test('is the latest of the days on which most was spent', () => {
    const sums = new Map([
      ['2026-05-03', { ...nothing, spent: 4 }],
      ['2026-05-01', { ...nothing, spent: 4 }],
      ['2026-05-02', { ...nothing, granted: 100 }],
    ])

    expect(busiestDay(sums)).toEqual({ day: '2026-05-03', spent: 4 })
    expect(busiestDay(new Map([['2026-05-02', nothing]]))).toBeNull()
  })
})
