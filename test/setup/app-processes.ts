import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { startMongod } from '#sandbox/mongod/server.mjs'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import type { Child } from '../../scripts/local/child.mjs'
import { anyFreePort } from '../../scripts/local/ports.mjs'
import { prepareDatabase, startApp, startSandbox } from '../../scripts/local/services.mjs'
import { withDatabaseName } from './database-name.ts'

export interface AppProcess {
  url: string
  pid: number
  /** Its recent output, both streams. */
  log(): string
  /** Kills it, as a crash would, and waits until it has exited. */
  crash(): Promise<void>
  /** Sends SIGTERM and waits until it has exited. */
  stop(): Promise<{ code: number | null; signal: string | null }>
}

export interface InstallationOptions {
  /** The number of app processes that share the database and the sandbox. */
  apps?: number
  /** A server without a database name, such as inject('mongodbUri'); by default one is started. */
  mongodbUri?: string
  /** Additional settings for the app processes. */
  environment?: Record<string, string>
  /** Creates products, prices, indexes and the demo user. */
  prepared?: boolean
  /** How many days ago the sandbox and the demo user's history begin. */
  historyDays?: number
}

export interface Installation {
  /** The first app's address, which is also where the sandbox delivers its webhooks. */
  url: string
  apps: AppProcess[]
  sandboxUrl: string
  sandbox: AppProcess
  /** Includes the database name. */
  mongodbUri: string
  demo: { email: string; password: string }
  secrets: { stripeSecretKey: string; webhookSecret: string }
  /** Starts another app process at a port of its own. */
  addApp(environment?: Record<string, string>): Promise<AppProcess>
  stop(): Promise<void>
}

const DEMO = { email: 'demo@example.com', password: 'demo-password-1' }

/** Starts real processes as users do, from the built app, at free ports: engine, sandbox and any number of apps. */
export async function startInstallation(options: InstallationOptions = {}): Promise<Installation> {
  const { apps: count = 1, prepared = true, historyDays = 0 } = options
  await ensureBuilt()
  const folder = await mkdtemp(path.join(os.tmpdir(), 'scrip-installation-'))
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true })]
  const stop = async () => {
    for (const work of undo.reverse()) await work()
  }
  try {
    const mongodbUri = await database(options.mongodbUri, undo)
    const port = await anyFreePort()
    const url = `http://localhost:${port}`
    const secrets = {
      stripeSecretKey: `sk_test_${'scripinstallation'.repeat(2)}`,
      webhookSecret: `whsec_${'scripinstallation'.repeat(2)}`,
    }
    const shared = {
      SCRIP_MODE: 'local',
      SCRIP_DATA: folder,
      MONGODB_URI: mongodbUri,
      APP_URL: url,
      STRIPE_SECRET_KEY: secrets.stripeSecretKey,
      STRIPE_WEBHOOK_SECRET: secrets.webhookSecret,
      SESSION_SECRET: 'a session secret of the tests',
    }
    const startsBehind = historyDays * 86_400
    const sandbox = await startSandbox({ port: await anyFreePort(), environment: shared, appUrl: url, startsBehind })
    undo.push(() => sandbox.stop())
    const environment = { ...shared, STRIPE_API_BASE: sandbox.url, ...options.environment }
    if (prepared) await prepareDatabase({ environment, demoPassword: DEMO.password })

    const apps: AppProcess[] = []
    const addApp = async (more: Record<string, string> = {}) => {
      const PORT = String(apps.length === 0 ? port : await anyFreePort())
      const child = await startApp({ environment: { ...environment, PORT, ...more } })
      undo.push(() => child.stop())
      const app = { ...handle(child), url: `http://localhost:${PORT}` }
      apps.push(app)
      return app
    }
    for (let index = 0; index < count; index++) await addApp()
    return {
      url,
      apps,
      sandboxUrl: sandbox.url,
      sandbox: handle(sandbox),
      mongodbUri,
      demo: DEMO,
      secrets,
      addApp,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function database(given: string | undefined, undo: (() => Promise<unknown>)[]): Promise<string> {
  let server = given ?? process.env.MONGODB_URI
  if (!server) {
    const mongod = await startMongod()
    undo.push(() => mongod.stop())
    server = mongod.uri
  }
  return withDatabaseName(server, `scrip-installation-${process.pid}-${Date.now()}`)
}

function handle(child: Child & { url: string }): AppProcess {
  return {
    url: child.url,
    pid: child.pid,
    log: () => child.lines.join('\n'),
    crash: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
    stop: () => child.stop(),
  }
}
