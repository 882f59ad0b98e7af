import { defineConfig } from 'vitest/config'

/**
 * Slow for what it is about: several processes, kills, time limits that have to pass, a catalogue of failures, long random
 * runs. `npm run test:deep` runs these; `npm test` runs all others.
 */
const DEEP = [
  'test/failures/**/*.test.ts',
  'test/failures-machine/**/*.test.ts',
  'test/billing/lives/**/*.test.ts',
  'test/**/{dies,kill,three-processes}.test.ts',
  'test/billing/{cancel-owed,complaints,discount,mails,next-payment,open-invoices,pause}.test.ts',
  'test/billing/{checkout-trouble,checkout-trouble-pages,reconcile,refund-lines}.test.ts',
  'test/billing/{several-payments,skipped-month,told,told-late,two-machines,ways-out-of-a-plan}.test.ts',
  'test/billing/{balance-paid,card-saved,change-to-come,charges-after,currency,rhythm,stripe-balance}.test.ts',
  'test/credits/{long-history,simulation.database,simulation.holes}.test.ts',
  'test/http/{metrics,process,server,verify-email}.test.ts',
  'test/notifications/encryption.test.ts',
  'test/jobs/scheduler.test.ts',
  'test/machine/{brand,demo-history,start,installation,mongod}.test.ts',
  'test/sandbox/cli.test.ts',
]
const BROWSER = 'test/browser/**/*.test.ts'
/** One whole journey in Chromium, which every `npm test` takes. */
const JOURNEY = 'test/browser/buy-and-spend.test.ts'

// Patient enough for a machine that is busy with other things.
const common = {
  environment: 'node' as const,
  setupFiles: ['test/setup/fixed-start.mjs'],
  expect: { poll: { timeout: 20_000 } },
}
const engine = { ...common, globalSetup: ['test/setup/global-setup.ts'], testTimeout: 180_000, hookTimeout: 120_000 }
const browser = { ...common, globalSetup: ['test/setup/browser-setup.ts'], testTimeout: 120_000, hookTimeout: 120_000 }

export default defineConfig({
  test: {
    // On two cores too: a worker waits for the engine and the sandbox for half of its time.
    maxWorkers: 3,
    projects: [
      { test: { ...engine, name: 'everyday', include: ['test/**/*.test.{ts,tsx}'], exclude: [...DEEP, BROWSER] } },
      { test: { ...engine, name: 'deep', include: DEEP } },
      { test: { ...browser, name: 'journey', include: [JOURNEY] } },
      { test: { ...browser, name: 'browser', include: [BROWSER], exclude: [JOURNEY] } },
    ],
  },
})
