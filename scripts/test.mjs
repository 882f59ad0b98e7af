/** `npm test`: everything that must hold, with one exit code. */
import { requireNode } from './local/node-version.mjs'

requireNode()
const { runChecks } = await import('./local/checks.mjs')
process.exit(await runChecks())
