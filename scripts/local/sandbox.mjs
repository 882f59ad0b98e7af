import { dataFolder, isProduction, readEnvironment, requireLocal, sharedEnvironment } from './environment.mjs'
import { ensureInstalled } from './install.mjs'
import { explainHeld, provideDatabase, provideSandbox, takeFolder, turnLogs } from './installation.mjs'
import { Refusal } from './project.mjs'
import { stack } from './shutdown.mjs'
import { complain, say, step } from './terminal.mjs'

const DEFAULT_PORT = 3000

/** Runs the local MongoDB and the Stripe sandbox until it is stopped. */
export async function startSandboxAlone() {
  const ends = stack({ name: 'the sandbox' })
  try {
    readEnvironment()
    if (isProduction()) throw new Refusal('The sandbox never runs in production: NODE_ENV is `production`.')
    requireLocal()
    const folder = dataFolder()
    const lock = await takeFolder(folder, 'npm run sandbox', { ends })
    await step('Packages', async () => ({ note: (await ensureInstalled()) ? 'installed' : 'up to date' }))
    turnLogs(folder)
    const appUrl = process.env.APP_URL || `http://localhost:${process.env.PORT || DEFAULT_PORT}`
    const [mongodbUri, url] = await Promise.all([
      provideDatabase(folder, { lock, ends }),
      provideSandbox(folder, { lock, ends, appUrl }),
    ])
    lock.update({ phase: 'running' })
    ready({ folder, mongodbUri, url, appUrl })
  } catch (error) {
    const held = explainHeld(error)
    if (held) say(held.text)
    else if (!ends.isEnding) complain(error)
    await ends.end(held?.exitCode ?? 1)
  }
}

function ready({ folder, mongodbUri, url, appUrl }) {
  const shared = sharedEnvironment(folder)
  const lines = {
    MONGODB_URI: mongodbUri,
    STRIPE_API_BASE: url,
    STRIPE_SECRET_KEY: shared.STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: shared.STRIPE_WEBHOOK_SECRET,
    SESSION_SECRET: shared.SESSION_SECRET,
    SCRIP_DATA: folder,
  }
  say()
  say(`MongoDB ready at ${mongodbUri}`)
  say(`Stripe sandbox ready at ${url}`)
  say(`Webhooks go to ${appUrl}/api/webhook`)
  say()
  say('To add an app process, run `npm run serve`. On another machine or folder, set:')
  for (const [name, value] of Object.entries(lines)) say(`${name}=${value}`)
  say()
}
