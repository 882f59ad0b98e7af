/**
 * `npm run doctor [-- --fix]`: checks settings, database, Stripe, prices, webhooks, mail and jobs, and reports what is
 * wrong, what it causes and what to do; exits 1 if something has to be fixed.
 */
import { parseArgs } from 'node:util'
import type { Finding } from '#app/doctor/finding.ts'
import { withDatabase } from './local/database.mjs'

const { values } = parseArgs({ options: { fix: { type: 'boolean', default: false } } })
const SIGNS = { ok: '✓', warning: '!', error: '✗' }

const failed = await withDatabase(async () => {
  // Imported here, because these modules read the environment when they load, and it is complete only now.
  const { connectDatabase, disconnectDatabase } = await import('#app/database.server.ts')
  const { examine } = await import('#app/doctor/examine.server.ts')
  // Building an index over a large collection may exceed the time limit of a request.
  await connectDatabase(undefined, { socketTimeoutMS: 0 })
  try {
    const open: Finding[] = []
    for (const { area, findings } of await examine()) {
      console.log(area)
      for (const finding of findings) if (!(await isSettled(finding))) open.push(finding)
    }
    const errors = open.filter(({ state }) => state === 'error').length
    const warnings = open.length - errors
    console.log(open.length === 0 ? 'All is well.' : `${counted(errors, 'error')}, ${counted(warnings, 'warning')}.`)
    if (!values.fix && open.some(({ fix }) => fix))
      console.log('To fix what can be fixed automatically: npm run doctor -- --fix')
    return errors > 0
  } finally {
    await disconnectDatabase()
  }
})
process.exitCode = failed ? 1 : 0

/** Prints a finding and, with --fix and if it is safe, fixes it. */
async function isSettled({ state, what, why, mend, fix }: Finding): Promise<boolean> {
  console.log(`  ${SIGNS[state]} ${what}`)
  if (why) console.log(`      ${why}`)
  if (values.fix && fix) {
    try {
      console.log(`      → ${await fix()}`)
      return true
    } catch (error) {
      console.log(`      → The fix failed: ${error instanceof Error ? error.message : String(error)}`)
    }
  }
  if (mend) console.log(`      → ${mend}`)
  return state === 'ok'
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
