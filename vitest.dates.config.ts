import { defineConfig } from 'vitest/config'
import { withDatabase } from './vitest.config.ts'

/** What counts days, months and periods: run from each of the instants below. */
const DATED = [
  'test/billing/entitlements/entitlements.test.ts',
  'test/billing/invoices/{plan-policies,unused-credits-cap}.test.ts',
  'test/billing/plan-changes/scheduled-change.test.ts',
  'test/billing/subscriptions/{subscription,trial}.test.ts',
  'test/credits/{grant,grant-history,limits}.test.ts',
  'test/components/**/*.test.{ts,tsx}',
  'test/sandbox/{billing-mode,changes,pause,proration-discounts,subscriptions,trials-and-ends}.test.ts',
  'test/usage/**/*.test.ts',
]
/** Replaces modules, so it loads its own. */
const ISOLATED = ['test/billing/lives/lives.property.test.ts']
/** Month ends, leap days, the turn of a year, and the nights when clocks change. */
const STARTS = {
  '28 January': '2026-01-28T10:00:00Z',
  '29 January': '2026-01-29T10:00:00Z',
  '30 January': '2026-01-30T10:00:00Z',
  '31 January': '2026-01-31T10:00:00Z',
  '28 February': '2027-02-28T10:00:00Z',
  '29 February, before midnight': '2028-02-29T23:50:00Z',
  '30 November': '2026-11-30T12:00:00Z',
  'the last seconds of a year': '2026-12-31T23:59:50Z',
  'Berlin goes to summer time': '2026-03-29T00:59:50Z',
  'Berlin leaves summer time': '2026-10-25T00:59:50Z',
  'New York goes to summer time': '2026-03-08T06:59:50Z',
  'New York leaves summer time': '2026-11-01T05:59:50Z',
  'midnight in Kolkata': '2026-06-14T18:29:50Z',
}

export default defineConfig({
  test: {
    maxWorkers: 3,
    experimental: { fsModuleCache: true },
    // One server for all starts.
    globalSetup: ['test/setup/global-setup.ts'],
    projects: Object.entries(STARTS).flatMap(([name, start], index) => {
      const env = { TEST_START: start, LIVES_RUNS: '1', LIVES_SEED: String(index) }
      return [
        { test: { ...withDatabase, name: `from ${name}`, env, include: DATED, isolate: false } },
        { test: { ...withDatabase, name: `from ${name}, isolated`, env, include: ISOLATED } },
      ]
    }),
  },
})
