import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  BARS,
  type Bar,
  barsOf,
  busiestDay,
  type DaySums,
  PERIODS,
  partsOf,
  seriesOf,
  totalOf,
} from '#app/usage/chart.ts'
import { drawChart, scaleFor } from '#app/usage/chart-drawing.ts'
import { daysUpTo } from '#app/usage/days.ts'

const nothing: DaySums = { spent: 0, byAction: new Map(), granted: 0, removed: 0 }

/** A day with this spending by action. */
const spending = (byAction: Record<string, number>): DaySums => ({
  ...nothing,
  byAction: new Map(Object.entries(byAction)),
  spent: Object.values(byAction).reduce((sum, credits) => sum + credits, 0),
})
const bar = (sums: Partial<DaySums>): Bar => ({ from: '2026-05-01', to: '2026-05-01', ...nothing, ...sums })

describe('barsOf', () => {
  test.each(PERIODS)('thirty bars of %i days lose none of them', (period) => {
    const days = daysUpTo('2026-05-30', period)
    const bars = barsOf(days, new Map(days.map((day) => [day, { ...spending({ qr: 1 }), granted: 2, removed: 3 }])))

    expect(bars).toHaveLength(BARS)
    expect(bars[0]?.from).toBe(days[0])
    expect(bars.at(-1)?.to).toBe('2026-05-30')
    expect(totalOf(bars)).toEqual({ spent: period, granted: 2 * period, removed: 3 * period })
    expect(seriesOf(bars)).toEqual([{ action: 'qr', total: period }])
  })

  test('no bar has more than one day more than another', () => {
    const days = daysUpTo('2026-05-30', 365)
    const lengths = barsOf(days, new Map(days.map((day) => [day, spending({ qr: 1 })]))).map(({ spent }) => spent)

    expect(new Set(lengths)).toEqual(new Set([12, 13]))
  })
})

describe('the layers of a bar', () => {
  test('each action is a layer, the largest at the bottom', () => {
    const bars = [bar(spending({ qr: 1, api: 5 })), bar(spending({ qr: 2, translate: 9 }))]

    expect(seriesOf(bars)).toEqual([
      { action: 'translate', total: 9 },
      { action: 'api', total: 5 },
      { action: 'qr', total: 3 },
    ])
    expect(bars.map((one) => partsOf(one, seriesOf(bars)))).toEqual([
      [0, 5, 1],
      [9, 0, 2],
    ])
  })

  test('there are four layers at most, and the last has all other actions', () => {
    const bars = [bar(spending({ a: 50, b: 40, c: 30, d: 20, e: 10 }))]

    expect(seriesOf(bars)).toEqual([
      { action: 'a', total: 50 },
      { action: 'b', total: 40 },
      { action: 'c', total: 30 },
      { action: null, total: 30 },
    ])
    expect(partsOf(bars[0]!, seriesOf(bars))).toEqual([50, 40, 30, 30])
  })
})

describe('scaleFor', () => {
  test('the steps of the scale are 1, 2, 5 and their powers of ten', () => {
    expect(scaleFor(3)).toEqual({ top: 3, rules: [3, 2, 1] })
    expect(scaleFor(101)).toEqual({ top: 150, rules: [150, 100, 50] })
    expect(scaleFor(2000)).toEqual({ top: 2000, rules: [2000, 1500, 1000, 500] })
  })

  test('the scale has an axis even without any spending', () => {
    expect(scaleFor(0)).toEqual({ top: 1, rules: [1] })
  })

  test('the scale covers every value with at most four lines', () => {
    fc.assert(
      fc.property(fc.nat(2_000_000_000), (value) => {
        const { top, rules } = scaleFor(value)

        expect(top).toBeGreaterThanOrEqual(value)
        expect(rules.length).toBeLessThanOrEqual(4)
      }),
    )
  })
})

describe('drawChart', () => {
  const draw = (bars: Bar[], box = { width: 720, height: 280 }) => drawChart(bars, seriesOf(bars), box)
  const heightOf = ({ parts }: { parts: { height: number }[] }) => parts.reduce((sum, { height }) => sum + height, 0)

  test('spending is stacked up from the zero line', () => {
    const { zeroY, bars } = draw([bar(spending({ qr: 20, api: 10 }))])
    const [lower, upper] = bars[0]?.parts ?? []

    expect((lower?.y ?? 0) + (lower?.height ?? 0)).toBeCloseTo(zeroY, 1)
    expect((upper?.y ?? 0) + (upper?.height ?? 0)).toBeCloseTo(lower?.y ?? 0, 1)
    expect((lower?.height ?? 0) / (upper?.height ?? 1)).toBeCloseTo(2, 1)
  })

  test('a grant of thousands does not shrink the bar of a few credits', () => {
    const day = bar(spending({ qr: 9 }))
    const { bars, plot, granted } = draw([bar({ granted: 12_000 }), day])

    expect(heightOf(bars[1]!) / plot.height).toBeCloseTo(9 / 10, 2)
    expect(granted?.marks.map(({ credits }) => credits)).toEqual([12_000])
    expect(granted?.y).toBeLessThan(plot.y)
  })

  test('expired credits have a mark of their own', () => {
    const { granted, removed, plot } = draw([bar({ granted: 10, removed: 10 })])

    expect(removed?.y).toBeGreaterThan(granted?.y ?? Infinity)
    expect(removed?.y).toBeLessThan(plot.y)
  })

  test('the numbers of marks do not overlap, and the larger one stays', () => {
    const days = [bar({ granted: 10 }), bar({ granted: 2000 }), ...Array.from({ length: 28 }, () => bar({}))]

    expect(draw(days).granted?.marks.map(({ labelX }) => labelX !== null)).toEqual([false, true])
  })

  test('every number stays inside the drawing', () => {
    const days = [bar({ granted: 100_000 }), ...Array.from({ length: 28 }, () => bar({})), bar({ granted: 99_999 })]
    const { granted, plot } = draw(days, { width: 358, height: 240 })

    for (const { labelX, x } of granted?.marks ?? []) {
      expect(Math.abs((labelX ?? x) - (plot.x + plot.width / 2))).toBeLessThanOrEqual(plot.width / 2 - 20)
    }
  })

  test('the smallest layer stays visible beside the largest', () => {
    const { bars } = draw([bar(spending({ qr: 12_000 })), bar(spending({ qr: 1 }))], { width: 358, height: 240 })

    expect(heightOf(bars[1]!)).toBeGreaterThanOrEqual(2)
  })

  test('zero draws nothing, and no number is infinite', () => {
    const drawing = draw(Array.from({ length: BARS }, () => bar({})))

    expect(drawing.bars.every(({ parts }) => parts.length === 0)).toBe(true)
    expect(drawing.granted).toBeNull()
    expect(JSON.stringify(drawing)).not.toMatch(/null,"y"|NaN/)
  })
})

describe('busiestDay', () => {
  test('the busiest day is the latest of those with the most spending', () => {
    const sums = new Map([
      ['2026-05-03', spending({ qr: 4 })],
      ['2026-05-01', spending({ qr: 4 })],
      ['2026-05-02', { ...nothing, granted: 100 }],
    ])

    expect(busiestDay(sums)).toEqual({ day: '2026-05-03', spent: 4 })
    expect(busiestDay(new Map([['2026-05-02', nothing]]))).toBeNull()
  })
})
