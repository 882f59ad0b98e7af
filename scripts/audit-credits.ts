/** `npm run audit:credits`: proves every invariant of the credits over the whole database; exits 1 on any violation. */
import { auditGrants } from '#app/billing/audit-grants.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { withDatabase } from './local/database.mjs'

const failed = await withDatabase(async () => {
  await connectDatabase()
  try {
    const credits = await auditCredits()
    const grants = await auditGrants()
    console.log(`Checked ${credits.accounts} accounts with ${credits.entries} entries,`)
    console.log(`  ${grants.invoices} paid invoices and ${grants.payments} packs against what they granted.`)
    for (const id of grants.unfinished)
      console.log(`  unfinished: ${id} (its event comes again, or: npm run reconcile)`)
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
