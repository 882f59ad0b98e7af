import { performance } from 'node:perf_hooks'
import { brand } from '../../app/brand.mjs'
import { appLines } from './app-lines.mjs'
import { ensureBuilt } from './build.mjs'
import {
  dataFolder,
  isProduction,
  readEnvironment,
  requireLocal,
  sharedEnvironment,
  stripeApiBase,
} from './environment.mjs'
import { ensureInstalled } from './install.mjs'
import {
  diedAlone,
  explainHeld,
  logFolder,
  provideDatabase,
  provideSandbox,
  takeFolder,
  turnLogs,
} from './installation.mjs'
import { choosePort } from './ports.mjs'
import { Refusal } from './project.mjs'
import { localSecrets } from './secrets.mjs'
import { serve } from './serve.mjs'
import { prepareDatabase, startApp } from './services.mjs'
import { stack } from './shutdown.mjs'
import { bold, complain, dim, say, seconds, step } from './terminal.mjs'

const DEFAULT_PORT = 3000
/** How long ago the demo user of a new installation signed up. */
const HISTORY_SECONDS = 100 * 86_400

/** @param {{ dev: boolean }} options */
export async function start({ dev }) {
  readEnvironment()
  if (isProduction()) return startProduction({ dev })
  const ends = stack({ name: brand.name })
  try {
    await startLocal({ dev, ends })
  } catch (error) {
    const held = explainHeld(error, { port: process.env.PORT })
    if (held) say(held.text)
    else if (!ends.isEnding) complain(error)
    await ends.end(held?.exitCode ?? 1)
  }
}

/** In production nothing is started besides the app, and nothing is generated; the app names what is missing. */
async function startProduction({ dev }) {
  try {
    if (dev) throw new Refusal('`npm run dev` is for development, and NODE_ENV is `production`.')
    await step('Packages', async () => ({ note: (await ensureInstalled()) ? 'installed' : 'up to date' }))
    await step('Build', async () => ({ note: (await ensureBuilt()) ? 'built' : 'up to date' }))
  } catch (error) {
    complain(error)
    process.exit(1)
  }
  await serve()
}

/** Everything on this machine: what is not configured is started or generated. */
async function startLocal({ dev, ends }) {
  const began = performance.now()
  requireLocal()
  const folder = dataFolder()
  const lock = await takeFolder(folder, dev ? 'npm run dev' : 'npm start', { ends })
  const port = await appPort()
  const appUrl = process.env.APP_URL?.replace(/\/+$/, '') || `http://localhost:${port}`
  lock.update({ url: appUrl })
  say(`\n${bold(brand.name)} starts at ${appUrl}; its data is in ${folder}\n`)
  await step('Packages', async () => ({ note: (await ensureInstalled()) ? 'installed' : 'up to date' }))
  turnLogs(folder)

  // Building takes longest and needs nothing else.
  const built = dev
    ? Promise.resolve()
    : step('Build', async () => ({ note: (await ensureBuilt()) ? 'built' : 'up to date' }))
  const services = startServices(folder, { lock, ends, appUrl })
  const [, environment] = await Promise.all([built, services])
  const show = appLines({ all: dev })
  const app = await step('App', async () => {
    const started = await startApp({
      environment: { ...environment, PORT: String(port), APP_URL: appUrl },
      dev,
      logFolder: logFolder(folder),
      onLine: show.line,
    })
    return { note: `process ${started.pid}`, result: started }
  })
  lock.addChild('the app', app.pid)
  lock.update({ phase: 'running' })
  ends.onEnd(() => app.stop())
  void app.exited.then(() => diedAlone(ends, `The app exited unexpectedly.\n${app.lines.slice(-20).join('\n')}`))
  show.begin()
  welcome({ folder, appUrl, environment, took: performance.now() - began })
}

async function startServices(folder, { lock, ends, appUrl }) {
  const [mongodbUri, apiBase] = await Promise.all([
    provideDatabase(folder, { lock, ends }),
    provideStripe(folder, { lock, ends, appUrl }),
  ])
  const environment = {
    ...sharedEnvironment(folder),
    MONGODB_URI: mongodbUri,
    ...(apiBase && { STRIPE_API_BASE: apiBase }),
  }
  const demoPassword = localSecrets(folder).DEMO_PASSWORD
  await step('Contents', async () => {
    return { note: await prepareDatabase({ environment: { ...environment, APP_URL: appUrl }, demoPassword }) }
  })
  return environment
}

/** Starts the sandbox, unless a Stripe key or address is configured. */
async function provideStripe(folder, { lock, ends, appUrl }) {
  if (!process.env.STRIPE_SECRET_KEY && !process.env.STRIPE_API_BASE)
    return provideSandbox(folder, { lock, ends, appUrl, startsBehind: HISTORY_SECONDS })
  const apiBase = stripeApiBase(folder)
  await step('Stripe', async () => ({ note: apiBase ?? "Stripe's own API, with your STRIPE_SECRET_KEY" }))
  return apiBase
}

async function appPort() {
  const { PORT, APP_URL } = process.env
  // A configured address must be the one that answers.
  const port = await choosePort({
    variable: 'PORT',
    fallback: DEFAULT_PORT,
    given: PORT,
    strict: Boolean(PORT || APP_URL),
  })
  if (!PORT && port !== DEFAULT_PORT)
    say(`Port ${DEFAULT_PORT} is taken, so this is port ${port} (PORT chooses another).`)
  return port
}

function welcome({ folder, appUrl, environment, took }) {
  const sandbox = environment.STRIPE_API_BASE
  say()
  say(`${bold(`${brand.name} ready at`)} ${bold(appUrl)} ${dim(`(${seconds(took)})`)}`)
  say()
  say(`  Log in        demo@example.com  ${localSecrets(folder).DEMO_PASSWORD}`)
  if (sandbox) {
    say(`  Pay with      4242 4242 4242 4242, any future date, any CVC`)
    say(`  Stripe        ${sandbox} (objects, webhooks, the clock)`)
  }
  if (!process.env.SMTP_URL) say(`  Mails         ${appUrl}/mailbox`)
  say(`  Logs          ${logFolder(folder)}`)
  say()
  say('  Going live: set NODE_ENV=production, MONGODB_URI, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, SESSION_SECRET,')
  say(
    '  APP_URL, TRUST_PROXY, SMTP_URL and MAIL_FROM, then `npm run build`, `npm run stripe:setup` and `npm run serve`.',
  )
  say()
  say(dim('  Ctrl-C stops everything; the data is kept.'))
  say()
}
