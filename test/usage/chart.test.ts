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

/** A day on which this was spent, by action. */
const spending = (byAction: Record<string, number>): DaySums => ({
  ...nothing,
  byAction: new Map(Object.entries(byAction)),
  spent: Object.values(byAction).reduce((sum, credits) => sum + credits, 0),
})
const bar = (sums: Partial<DaySums>): Bar => ({ from: '2026-05-01', to: '2026-05-01', ...nothing, ...sums })

describe('barsOf', () => {
  test.each(PERIODS)('makes thirty bars of %i days and loses none of them', (period) => {
    const days = daysUpTo('2026-05-30', period)
    const bars = barsOf(days, new Map(days.map((day) => [day, { ...spending({ qr: 1 }), granted: 2, removed: 3 }])))

    expect(bars).toHaveLength(BARS)
    expect(bars[0]?.from).toBe(days[0])
    expect(bars.at(-1)?.to).toBe('2026-05-30')
    expect(totalOf(bars)).toEqual({ spent: period, granted: 2 * period, removed: 3 * period })
    expect(seriesOf(bars)).toEqual([{ action: 'qr', total: period }])
  })

  test('gives no bar more than one day more than another', () => {
    const days = daysUpTo('2026-05-30', 365)
    const lengths = barsOf(days, new Map(days.map((day) => [day, spending({ qr: 1 })]))).map(({ spent }) => spent)

    expect(new Set(lengths)).toEqual(new Set([12, 13]))
  })
})

describe('the layers', () => {
  test('are the actions, the greatest at the bottom', () => {
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

  test('are four at most, the last of which takes all other actions', () => {
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
  test('takes steps of 1, 2, 5 and their tens', () => {
    expect(scaleFor(3)).toEqual({ top: 3, rules: [3, 2, 1] })
    expect(scaleFor(101)).toEqual({ top: 150, rules: [150, 100, 50] })
    expect(scaleFor(2000)).toEqual({ top: 2000, rules: [2000, 1500, 1000, 500] })
  })

  test('has an axis also where nothing was spent', () => {
    expect(scaleFor(0)).toEqual({ top: 1, rules: [1] })
  })

  test('covers every value with at most four rules', () => {
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

  test('stacks what was spent up from the zero line', () => {
    const { zeroY, bars } = draw([bar(spending({ qr: 20, api: 10 }))])
    const [lower, upper] = bars[0]?.parts ?? []

    expect((lower?.y ?? 0) + (lower?.height ?? 0)).toBeCloseTo(zeroY, 1)
    expect((upper?.y ?? 0) + (upper?.height ?? 0)).toBeCloseTo(lower?.y ?? 0, 1)
    expect((lower?.height ?? 0) / (upper?.height ?? 1)).toBeCloseTo(2, 1)
  })

  test('a grant of thousands leaves a day of some credits as high as it would be without it', () => {
    const day = bar(spending({ qr: 9 }))
    const { bars, plot, granted } = draw([bar({ granted: 12_000 }), day])

    expect(heightOf(bars[1]!) / plot.height).toBeCloseTo(9 / 10, 2)
    expect(granted?.marks.map(({ credits }) => credits)).toEqual([12_000])
    expect(granted?.y).toBeLessThan(plot.y)
  })

  test('what expired is a mark of another line', () => {
    const { granted, removed, plot } = draw([bar({ granted: 10, removed: 10 })])

    expect(removed?.y).toBeGreaterThan(granted?.y ?? Infinity)
    expect(removed?.y).toBeLessThan(plot.y)
  })

  test('numbers beside marks do not overlap: the greater one stays', () => {
    const days = [bar({ granted: 10 }), bar({ granted: 2000 }), ...Array.from({ length: 28 }, () => bar({}))]

    expect(draw(days).granted?.marks.map(({ labelX }) => labelX !== null)).toEqual([false, true])
  })

  test('no number leaves the drawing', () => {
    const days = [bar({ granted: 100_000 }), ...Array.from({ length: 28 }, () => bar({})), bar({ granted: 99_999 })]
    const { granted, plot } = draw(days, { width: 358, height: 240 })

    for (const { labelX, x } of granted?.marks ?? []) {
      expect(Math.abs((labelX ?? x) - (plot.x + plot.width / 2))).toBeLessThanOrEqual(plot.width / 2 - 20)
    }
  })

  test('shows the smallest layer beside the greatest', () => {
    const { bars } = draw([bar(spending({ qr: 12_000 })), bar(spending({ qr: 1 }))], { width: 358, height: 240 })

    expect(heightOf(bars[1]!)).toBeGreaterThanOrEqual(2)
  })

  test('draws nothing for zero, and no number that is not finite', () => {
    const drawing = draw(Array.from({ length: BARS }, () => bar({})))

    expect(drawing.bars.every(({ parts }) => parts.length === 0)).toBe(true)
    expect(drawing.granted).toBeNull()
    expect(JSON.stringify(drawing)).not.toMatch(/null,"y"|NaN/)
  })
})

describe('busiestDay', () => {
  test('is the latest of the days on which most was spent', () => {
    const sums = new Map([
      ['2026-05-03', spending({ qr: 4 })],
      ['2026-05-01', spending({ qr: 4 })],
      ['2026-05-02', { ...nothing, granted: 100 }],
    ])

    expect(busiestDay(sums)).toEqual({ day: '2026-05-03', spent: 4 })
    expect(busiestDay(new Map([['2026-05-02', nothing]]))).toBeNull()
  })
})
