import { defineConfig } from 'vitest/config'

/**
 * Slow for what they are about: several processes, kills, time limits that have to pass, long random runs.
 * `npm run test:deep` runs these; `npm test` runs all others.
 */
const DEEP = [
  'test/billing/{concurrency,crash-recovery,lives}/**/*.test.ts',
  'test/billing/catalog/{billing-interval,currency}.test.ts',
  'test/billing/checkout/{repeated-purchase,stripe-failures,stripe-failures-pages}.test.ts',
  'test/billing/customers/customer-balance.test.ts',
  'test/billing/dunning/*.test.ts',
  'test/billing/invoices/{credits-until-renewal,discount,ledger-consistency,paid-from-balance,several-payments,zero-amounts}.test.ts',
  'test/billing/mails/*.test.ts',
  'test/billing/plan-changes/{charges-after,refusal-options,scheduled-change}.test.ts',
  'test/billing/reconcile/{lookback,reconcile}.test.ts',
  'test/billing/refunds/{refund-lines,refunds-and-disputes}.test.ts',
  'test/billing/reported-problems/{credits-and-plans,money}.test.ts',
  'test/billing/stripe/{idempotency-keys,stripe-behavior}.test.ts',
  'test/billing/stripe/objects/{api-versions,recorded-events}.test.ts',
  'test/billing/subscriptions/{concurrent-handlers,pause}.test.ts',
  'test/billing/top-up/interrupted.test.ts',
  'test/billing/upcoming-invoice/next-payment.test.ts',
  'test/billing/webhooks/{deliveries,flood,handled-events,unverifiable-events,unverifiable-events-late}.test.ts',
  'test/api/{idempotency-key-scope,three-processes}.test.ts',
  'test/auth/password-load.test.ts',
  'test/credits/{disk-full,failover,kill,long-history,mongodb,query-plans,simulation.database,simulation.holes}.test.ts',
  'test/http/{database-network,hostile-forms,hostile-requests,metrics,process,process-lifecycle}.test.ts',
  'test/http/{secrets,server,verify-email}.test.ts',
  'test/jobs/{job-locks,scheduler}.test.ts',
  'test/machine/{advisories,brand,demo-history,start,installation,mongod}.test.ts',
  'test/notifications/{encryption,kill}.test.ts',
  'test/sandbox/cli.test.ts',
]
/** Replace modules or depend on their first state, so each of them loads its own. */
const ISOLATED = {
  everyday: [
    'test/auth/same-work.test.ts',
    'test/billing/invoices/trial-card.test.ts',
    'test/doctor/doctor.test.ts',
    'test/http/readiness.test.ts',
  ],
  deep: ['test/auth/password-load.test.ts', 'test/billing/lives/lives.property.test.ts'],
}
const EVERY = 'test/**/*.test.{ts,tsx}'
const BROWSER = 'test/browser/**/*.test.ts'
/** One whole journey in Chromium, which every `npm test` takes. */
const JOURNEY = 'test/browser/buy-and-spend.test.ts'

// Patient enough for a machine that is busy with other things.
const common = {
  environment: 'node' as const,
  setupFiles: ['test/setup/fixed-start.mjs'],
  expect: { poll: { timeout: 20_000 } },
  testTimeout: 120_000,
  hookTimeout: 120_000,
}
/** Of tests with a database, which may share the modules that their worker has loaded. */
export const withDatabase = {
  ...common,
  setupFiles: ['test/setup/fixed-start.mjs', 'test/setup/shared-worker.ts'],
  sequence: { setupFiles: 'list' as const },
  testTimeout: 180_000,
}
const engine = { ...withDatabase, globalSetup: ['test/setup/global-setup.ts'] }
const shared = { ...engine, isolate: false }
const browser = { ...common, globalSetup: ['test/setup/browser-setup.ts'] }

export default defineConfig({
  test: {
    // On two cores too: a worker waits for the engine and the sandbox for half of its time.
    maxWorkers: 3,
    projects: [
      { test: { ...shared, name: 'everyday', include: [EVERY], exclude: [...DEEP, ...ISOLATED.everyday, BROWSER] } },
      { test: { ...engine, name: 'everyday-isolated', include: ISOLATED.everyday } },
      { test: { ...shared, name: 'deep', include: DEEP, exclude: ISOLATED.deep } },
      { test: { ...engine, name: 'deep-isolated', include: ISOLATED.deep } },
      { test: { ...browser, name: 'journey', include: [JOURNEY] } },
      { test: { ...browser, name: 'browser', include: [BROWSER], exclude: [JOURNEY] } },
    ],
  },
})
