/**
 * `npm run audit:credits`: checks every invariant of the credits over the whole database; exits 1 on any violation.
 * `-- --rebuild-sums` first writes the sums of days anew, of every account whose sums differ from its ledger.
 */
import { withDatabase } from './local/database.mjs'

const failed = await withDatabase(async () => {
  // Imported here, because these modules read the environment when they load, and it is complete only now.
  const { auditGrants } = await import('#app/billing/purchases/audit-grants.server.ts')
  const { auditCredits } = await import('#app/credits/audit.server.ts')
  const { connectDatabase, disconnectDatabase } = await import('#app/database.server.ts')
  const { readSandboxClock } = await import('#app/sandbox-clock.server.ts')
  // Reading the whole database may exceed the time limit of a request.
  await connectDatabase(undefined, { socketTimeoutMS: 0 })
  await readSandboxClock()
  try {
    const credits = await auditCredits({ rebuildsSums: process.argv.includes('--rebuild-sums') })
    const grants = await auditGrants()
    console.log(`Checked ${credits.accounts} accounts with ${credits.entries} entries,`)
    console.log(`  ${grants.invoices} paid invoices and ${grants.payments} packs against their grants.`)
    for (const id of grants.unfinished)
      console.log(`  unfinished: ${id} (waits for Stripe's retry, or run: npm run reconcile)`)
    for (const { accountId, problem } of credits.violations) console.error(`VIOLATION account ${accountId}: ${problem}`)
    for (const problem of grants.violations) console.error(`VIOLATION ${problem}`)
    const violations = credits.violations.length + grants.violations.length
    console.log(violations === 0 ? 'Every invariant holds.' : `${violations} violations.`)
    return violations > 0
  } finally {
    await disconnectDatabase()
  }
})
process.exitCode = failed ? 1 : 0
