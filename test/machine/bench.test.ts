import { expect, test } from 'vitest'
import { median, milliseconds, toText } from '../../scripts/bench/report.ts'
import { scriptsIn } from '../../scripts/bench/scripts-of-page.ts'
import { ratioOf, type Result } from '../../scripts/bench/side-by-side.ts'

const result = (perSecond: number[]): Result => ({ name: 'x', perSecond, calls: 0, seconds: 0, metered: {} })

test('a line of the bench says whether its goal is met', () => {
  const line = { name: 'spendCredits', value: '2,000/s' }
  expect(toText({ ...line, ratio: 0.8, goal: { atLeast: 0.8 } })).toMatch(/2,000\/s +×0\.80 {2}goal ≥ 0\.8: met$/)
  expect(toText({ ...line, ratio: 0.79, goal: { atLeast: 0.8 } })).toMatch(/goal ≥ 0\.8: MISSED$/)
  expect(toText({ ...line, ratio: 9, goal: { atMost: 120 }, reached: 121, unit: ' kB' })).toMatch(
    /goal ≤ 120 kB: MISSED$/,
  )
})

test('a line of the bench without a goal ends with its note', () => {
  expect(toText({ name: 'CSV', value: '9 rows/s', note: 'peak memory +2 MiB' })).toMatch(
    /rows\/s +peak memory \+2 MiB$/,
  )
  expect(toText({ name: 'CSV', value: '9 rows/s' })).toMatch(/rows\/s$/)
})

test('the ratio of two contenders is the median of the ratios of their rounds', () => {
  expect(ratioOf(result([50, 10, 90]), result([100, 10, 100]))).toBe(0.9)
})

test('the median of an even number of values is the upper middle one', () => {
  expect(median([4, 1, 3, 2])).toBe(3)
  expect(median([])).toBe(0)
  expect([milliseconds(9.94), milliseconds(1234)]).toEqual(['9.9 ms', '1,234 ms'])
})

test('the scripts of a page are its sources, its preloaded modules and what its inline modules import', () => {
  const html = `
    <link rel="stylesheet" href="/assets/app.css"/>
    <link rel="modulepreload" href="/assets/root.js"/><link href="/assets/page.js" rel="modulepreload"/>
    <script nonce="" src="/theme.js"></script>
    <script type="module">import "/assets/manifest.js"; import * as route0 from "/assets/root.js"</script>`
  expect([...new Set(scriptsIn(html))]).toEqual([
    '/theme.js',
    '/assets/root.js',
    '/assets/page.js',
    '/assets/manifest.js',
  ])
})
