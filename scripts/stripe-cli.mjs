/** `npm run stripe -- <arguments>`: the official Stripe CLI, pointed at the local sandbox. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { dataFolder, isProduction, readEnvironment, sharedEnvironment, stripeApiBase } from './local/environment.mjs'
import { ensureInstalled } from './local/install.mjs'
import { inProject } from './local/project.mjs'

readEnvironment()
await ensureInstalled()
const cli = inProject('node_modules/@stripe/cli/bin/shim.js')
if (!existsSync(cli)) refuse('The Stripe CLI is a development dependency and is not installed: run `npm install`.')
const apiBase = isProduction() ? null : stripeApiBase()
if (!apiBase)
  refuse('STRIPE_SECRET_KEY is set, so the real Stripe is used and there is no sandbox. Use your own `stripe` command.')
if (!(await answers(apiBase)))
  refuse(`No sandbox answers at ${apiBase}. Start it with \`npm start\` or \`npm run sandbox\`.`)

const { status } = spawnSync(process.execPath, [cli, ...process.argv.slice(2), '--api-base', apiBase], {
  stdio: 'inherit',
  env: {
    ...process.env,
    STRIPE_API_KEY: sharedEnvironment().STRIPE_SECRET_KEY,
    STRIPE_CLI_TELEMETRY_OPTOUT: '1',
    // A configuration of its own, because the user's may have the keys of a real account.
    XDG_CONFIG_HOME: path.join(dataFolder(), 'stripe-cli'),
  },
})
process.exit(status ?? 1)

async function answers(url) {
  return fetch(url, { signal: AbortSignal.timeout(3_000) }).then(
    () => true,
    () => false,
  )
}

function refuse(message) {
  console.error(message)
  process.exit(1)
}
