/**
 * `npm run bench`: how fast this is, and what exactness costs. `npm run bench -- api pages` runs only these parts. Everything
 * is measured side by side in one run, in rounds, because ratios hold on other machines and absolute times do not. It starts
 * a database server, or uses the one at MONGODB_URI, and drops the databases that it created.
 */
import os from 'node:os'
import { startMongod } from '#sandbox/mongod/server.mjs'
import type { Server } from './bench/installation.ts'

// Imported when they run, because the app's modules read the settings when they are first loaded.
const PARTS: Record<string, (server: Server) => Promise<void>> = {
  spends: async (server) => (await import('./bench/spends.ts')).benchSpends(server),
  api: async (server) => (await import('./bench/api.ts')).benchApi(server),
  pages: async (server) => (await import('./bench/pages.ts')).benchPages(server),
  webhooks: async (server) => (await import('./bench/webhooks.ts')).benchWebhooks(server),
  processes: async (server) => (await import('./bench/processes.ts')).benchProcesses(server),
  browser: async (server) => (await import('./bench/browser.ts')).benchBrowser(server),
}

const chosen = process.argv.slice(2)
const unknown = chosen.filter((name) => !(name in PARTS))
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}. The parts are: ${Object.keys(PARTS).join(', ')}.`)
  process.exit(1)
}

const given = process.env.MONGODB_URI
const mongod = given ? null : await startMongod()
const server: Server = { uri: given ?? mongod?.uri ?? '', pid: mongod?.pid ?? null }
Object.assign(process.env, { SCRIP_MODE: 'local', LOG_LEVEL: 'warn', MONGODB_URI: server.uri })
const started = performance.now()
console.log(
  `${os.availableParallelism()} cores, Node ${process.version}, ${mongod?.description ?? 'the database of MONGODB_URI'}. ` +
    '× is the ratio to the first line of a table, as the median of its rounds; in parentheses, the slowest and fastest round.',
)
try {
  for (const [name, run] of Object.entries(PARTS)) if (chosen.length === 0 || chosen.includes(name)) await run(server)
  console.log(`\nDone in ${Math.round((performance.now() - started) / 1_000)} s`)
} finally {
  await mongod?.stop()
}
