import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { connect } from 'node:net'
import { inject } from 'vitest'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import { anyFreePort } from '../../scripts/local/ports.mjs'
import { startApp } from '../../scripts/local/services.mjs'
import { withDatabaseName } from '../setup/database-name.ts'

export const PASSWORD = 'a short sentence works'

/** One real process of the built app on a database of its own. There is no Stripe, because no request gets that far. */
export interface ServedApp {
  url: string
  mongodbUri: string
  /** A request that follows no redirect. */
  fetch: (path: string, init?: RequestInit) => Promise<Response>
  /** Posts a form as a program would, without Origin. */
  post: (path: string, fields: Record<string, string>, headers?: Record<string, string>) => Promise<Response>
  /** Signs a new user up. */
  signUp: () => Promise<{ email: string; cookie: string }>
  /** Sends raw bytes, and returns what was received until the connection ended. */
  sendRaw: (text: string) => Promise<string>
  log: () => string
  stop: () => Promise<{ code: number | null }>
}

export async function startServedApp(environment: Record<string, string> = {}): Promise<ServedApp> {
  await ensureBuilt()
  const port = String(await anyFreePort())
  const mongodbUri = withDatabaseName(inject('mongodbUri'), `scrip-served-${randomUUID()}`)
  const child = await startApp({
    environment: {
      SCRIP_MODE: 'local',
      LOG_LEVEL: 'info',
      PORT: port,
      APP_URL: `http://localhost:${port}`,
      MONGODB_URI: mongodbUri,
      SESSION_SECRET: 'a session secret of the tests',
      STRIPE_SECRET_KEY: 'sk_test_of_the_tests',
      STRIPE_WEBHOOK_SECRET: 'whsec_of_the_tests',
      STRIPE_API_BASE: `http://127.0.0.1:${await anyFreePort()}`,
      ...environment,
    },
  })
  const { url } = child
  const get: ServedApp['fetch'] = (path, init) => fetch(url + path, { redirect: 'manual', ...init })
  const post: ServedApp['post'] = (path, fields, headers = {}) =>
    get(path, { method: 'POST', body: new URLSearchParams(fields), headers })
  /** For installations that require confirmed addresses before a log-in. */
  const confirmAndLogIn = async (email: string) => {
    const connection = await mongoose.createConnection(environment.MONGODB_URI ?? mongodbUri).asPromise()
    await connection.collection('users').updateOne({ email }, { $set: { emailConfirmedAt: new Date() } })
    await connection.close()
    const response = await post('/login', { email, password: PASSWORD })
    return response.headers.get('Set-Cookie')?.split(';')[0] ?? ''
  }
  return {
    url,
    mongodbUri,
    fetch: get,
    post,
    signUp: async () => {
      const email = `user-${randomUUID()}@example.com`
      const response = await post('/signup', { email, password: PASSWORD, name: 'Ada' })
      const cookie = response.headers.get('Set-Cookie')?.split(';')[0]
      return { email, cookie: cookie ?? (await confirmAndLogIn(email)) }
    },
    sendRaw: (text) => sendRaw(Number(port), text),
    log: () => child.lines.join('\n'),
    stop: () => child.stop(),
  }
}

export interface BuiltRoute {
  id: string
  /** With `x` for each parameter. */
  path: string
  hasLoader: boolean
  hasAction: boolean
  hasPage: boolean
}

/** The routes of a project's build, read from the build itself. */
export function builtRoutes(folder = '.'): BuiltRoute[] {
  const script = `
    const { routes } = await import('./build/server/index.js')
    const pathOf = (route) => (route ? pathOf(routes[route.parentId]) + (route.path ? '/' + route.path : '') : '')
    const rows = Object.values(routes).map((route) => ({
      id: route.id,
      path: pathOf(route).replace(/:\\w+|\\*/g, 'x') || '/',
      hasLoader: route.module.loader !== undefined,
      hasAction: route.module.action !== undefined,
      hasPage: route.module.default !== undefined,
    }))
    console.log(JSON.stringify(rows))
    process.exit(0)`
  const env = { ...process.env, SCRIP_MODE: 'local', LOG_LEVEL: 'silent' }
  const options = { env, cwd: folder, encoding: 'utf8' } as const
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], options)
  return JSON.parse(output) as BuiltRoute[]
}

function sendRaw(port: number, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(text))
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => (answer += chunk))
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
