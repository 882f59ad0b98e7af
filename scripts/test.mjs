/** `npm test`, and with --deep `npm run test:deep`: all checks, with one exit code. */
import { requireNode } from './local/node-version.mjs'

requireNode()
const { runDeepChecks, runEverydayChecks } = await import('./local/checks.mjs')
process.exit(await (process.argv.includes('--deep') ? runDeepChecks() : runEverydayChecks()))
