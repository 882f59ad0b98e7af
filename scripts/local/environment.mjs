/** The settings of a local installation: from the environment, then `.env`, then the data folder. */
import { existsSync } from 'node:fs'
import path from 'node:path'
import { lockHolder } from './lock.mjs'
import { inProject, Refusal, ROOT } from './project.mjs'
import { localSecrets } from './secrets.mjs'

const DATABASE = 'scrip'
const DEFAULT_SANDBOX_PORT = 4242

/** Loads `.env` into process.env if it exists. Real variables take precedence, and an empty one counts as unset. */
export function readEnvironment() {
  for (const [name, value] of Object.entries(process.env)) if (value?.trim() === '') delete process.env[name]
  const file = inProject('.env')
  if (existsSync(file)) process.loadEnvFile(file)
}

/** True in production, where nothing local is started, generated or read. */
export function isProduction() {
  return process.env.SCRIP_MODE ? process.env.SCRIP_MODE === 'production' : process.env.NODE_ENV === 'production'
}

/**
 * The app refuses the same (app/environment-problems.server.ts), but only after database and sandbox have started and
 * products were created with the key.
 * @throws Refusal when local mode would be reachable from outside, or take real money
 */
export function requireLocal() {
  const { APP_URL = '', STRIPE_SECRET_KEY = '' } = process.env
  const host = URL.canParse(APP_URL) ? new URL(APP_URL).hostname : 'localhost'
  const problems = [
    ...(/^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(host) ? [] : ['APP_URL is not an address of this machine.']),
    ...(/^\s*(sk|rk)_live_/.test(STRIPE_SECRET_KEY) ? ['STRIPE_SECRET_KEY is a live key.'] : []),
  ]
  if (problems.length === 0) return
  throw new Refusal(`${problems.join(' ')} Local mode is for one machine and for tests: set NODE_ENV=production.`)
}

/** The data folder of local mode, as an absolute path. */
export function dataFolder() {
  return path.resolve(ROOT, process.env.SCRIP_DATA || '.scrip')
}

/** @param {number} port of the local engine */
export function databaseUri(port) {
  return `mongodb://127.0.0.1:${port}/${DATABASE}?directConnection=true`
}

/** The settings that the sandbox and every app process of one installation share. */
export function sharedEnvironment(folder = dataFolder()) {
  const secrets = localSecrets(folder)
  return {
    SCRIP_MODE: 'local',
    SCRIP_DATA: folder,
    STRIPE_SECRET_KEY: process.env.STRIPE_SECRET_KEY || secrets.STRIPE_SECRET_KEY,
    STRIPE_WEBHOOK_SECRET: process.env.STRIPE_WEBHOOK_SECRET || secrets.STRIPE_WEBHOOK_SECRET,
    SESSION_SECRET: process.env.SESSION_SECRET || secrets.SESSION_SECRET,
  }
}

/** The address of Stripe's API for a single process; undefined for the real Stripe. */
export function stripeApiBase(folder = dataFolder()) {
  if (process.env.STRIPE_API_BASE) return process.env.STRIPE_API_BASE
  if (process.env.STRIPE_SECRET_KEY) return undefined
  const running = lockHolder(folder)?.sandboxUrl
  return running ?? `http://127.0.0.1:${process.env.SANDBOX_PORT || DEFAULT_SANDBOX_PORT}`
}

/**
 * Fills in what a single process needs to join the local installation of the data folder, and returns where the database
 * comes from. In production it does nothing.
 */
export function joinInstallation() {
  if (isProduction()) {
    process.env.SCRIP_MODE = 'production'
    return
  }
  const folder = dataFolder()
  const apiBase = stripeApiBase(folder)
  const filled = { ...sharedEnvironment(folder), ...(apiBase && { STRIPE_API_BASE: apiBase }) }
  const running = lockHolder(folder)?.mongodbUri
  if (!process.env.MONGODB_URI && running) filled.MONGODB_URI = running
  Object.assign(process.env, filled)
}

/** @throws Refusal when there is no database */
export function requireDatabase() {
  if (process.env.MONGODB_URI || isProduction()) return
  throw new Refusal(
    `There is no database: MONGODB_URI is not set, and no local one runs on ${dataFolder()}.\n` +
      'Start one with `npm run sandbox` (or everything with `npm start`), or set MONGODB_URI.',
  )
}
