/**
 * `npm run reconcile [-- --since 2026-01-31]`: does what lost webhooks left undone, and lists what a human has to
 * look at; exits 1 if something failed.
 */
import { setTimeout } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { DomainError } from '#app/domain-error.ts'
import { withDatabase } from './local/database.mjs'

const WAITS_MS = 10 * 60 * 1000

const { values } = parseArgs({ options: { since: { type: 'string' } } })
const since = values.since === undefined ? undefined : new Date(values.since)
if (since && Number.isNaN(since.getTime())) {
  console.error('--since takes a date, such as 2026-01-31 or 2026-01-31T12:00:00Z.')
  process.exit(2)
}

const failed = await withDatabase(async () => {
  // Imported here, because these modules read the environment when they load, and it is complete only now.
  const { connectDatabase, disconnectDatabase } = await import('#app/database.server.ts')
  const { readSandboxClock } = await import('#app/sandbox-clock.server.ts')
  const { reconcile } = await import('#app/billing/reconcile/reconcile.server.ts')
  await connectDatabase()
  await readSandboxClock()
  try {
    const result = await whenFree(() => reconcile({ since }))
    if (!result) {
      console.error('Another process is still reconciling. Nothing was done; run this again later.')
      return true
    }
    console.log(`Compared with Stripe since ${result.since.toISOString()}:`)
    console.log(
      `  ${Object.entries(result.compared)
        .map(([kind, count]) => `${count} ${kind}`)
        .join(', ')}`,
    )
    for (const sentence of result.done) console.log(`  done: ${sentence}`)
    for (const sentence of result.failed) console.error(`  FAILED: ${sentence}`)
    if (result.unclaimed.length > 0) {
      console.log('These could not be settled automatically. Please check them:')
      for (const sentence of result.unclaimed) console.log(`  ${sentence}`)
    }
    console.log(result.done.length === 0 ? 'Nothing was missing.' : `${result.done.length} done.`)
    return result.failed.length > 0
  } catch (error) {
    // Stripe does not answer, and the message says so.
    if (!(error instanceof DomainError)) throw error
    console.error(error.message)
    return true
  } finally {
    await disconnectDatabase()
  }
})
process.exitCode = failed ? 1 : 0

/** Waits while the hourly job, or one that has just died, holds the lease. */
async function whenFree<T>(run: () => Promise<T | null>): Promise<T | null> {
  const givesUpAt = Date.now() + WAITS_MS
  let isTold = false
  for (;;) {
    const result = await run()
    if (result || Date.now() > givesUpAt) return result
    if (!isTold) console.log('Another process is reconciling. Waiting for it …')
    isTold = true
    await setTimeout(1_000)
  }
}
