import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { violations } from '#app/credits/invariants.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { connectDatabase, disconnectDatabase } from '#app/database.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import { ledgerOf } from '../credits/scenario.ts'
import { PASSWORD, type ServedApp, startServedApp } from './served-app.ts'
import { withDatabaseName } from '../setup/database-name.ts'

const MONGODB_URI = withDatabaseName(inject('mongodbUri'), `scrip-processes-${randomUUID()}`)
let running: ServedApp[] = []

beforeAll(async () => {
  await ensureBuilt()
  await connectDatabase(MONGODB_URI)
})
afterEach(async () => {
  await Promise.all(running.map((app) => app.stop()))
  running = []
})
afterAll(async () => {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
})

async function start(environment: Record<string, string> = {}): Promise<ServedApp> {
  const app = await startServedApp({ MONGODB_URI, ...environment })
  running.push(app)
  // The process id is in its log, once it has logged a line.
  await app.fetch('/login')
  await expect.poll(() => pidOf(app)).toBeGreaterThan(0)
  return app
}

const pidOf = (app: ServedApp) => Number(/"pid":(\d+)/.exec(app.log())?.[1])

/** Sign-ups that wait inside a process: only two hash at once, and each writes after its hash. */
async function signUpCrowd(app: ServedApp): Promise<{ emails: string[]; answers: Promise<Response[]> }> {
  const emails = Array.from({ length: 40 }, () => `user-${randomUUID()}@example.com`)
  const answers = Promise.all(emails.map((email) => app.post('/signup', { email, password: PASSWORD })))
  const inFlight = async () =>
    Number(/^http_requests_in_flight (\d+)/m.exec(await (await app.fetch('/metrics')).text())?.[1])
  await expect.poll(inFlight, { interval: 10 }).toBeGreaterThan(10)
  return { emails, answers }
}

async function expectAllSignedUp({ emails, answers }: Awaited<ReturnType<typeof signUpCrowd>>): Promise<void> {
  for (const response of await answers) {
    expect(response.status).toBe(302)
    expect(response.headers.get('Set-Cookie')).toContain('scrip_session')
  }
  expect(await UserModel.countDocuments({ email: { $in: emails } })).toBe(emails.length)
}

test('no spend is lost or doubled while one process after another is replaced (6.5)', async () => {
  let balanced = [await start(), await start()]
  const { email, cookie } = await balanced[0]!.signUp()
  const user = await UserModel.findOne({ email }).lean<User>()
  await grantCredits(user!._id, [
    { key: 'stripe:invoice:in_5', credits: 100_000, source: { type: 'invoice', id: 'in_5' } },
  ])
  const entries = new Map<string, unknown>()
  const wrong: string[] = []
  let isOver = false
  const spend = async (key: string): Promise<void> => {
    const app = balanced[Math.floor(Math.random() * balanced.length)]!
    const headers = { Cookie: cookie, 'Content-Type': 'application/json', 'Idempotency-Key': key }
    // A refused or broken connection is retried on another process with the same key, as API clients do.
    const response = await app
      .fetch('/api/credits/deduct', { method: 'POST', body: '{"credits":1}', headers })
      .catch(() => null)
    if (!response) return spend(key)
    const { entryId } = (await response.json()) as { entryId?: unknown }
    if (response.status !== 200) wrong.push(`${key}: ${response.status}`)
    entries.set(key, entryId)
  }
  const load = Array.from({ length: 8 }, async (_, worker) => {
    for (let n = 0; !isOver; n++) await spend(`${worker}-${n}`)
  })
  for (let round = 0; round < 5; round++) {
    const [oldest, ...others] = balanced
    const next = await start()
    balanced = [oldest!, ...others, next]
    const stopped = oldest!.stop()
    // Without a load balancer some requests still go to the process that is stopping.
    await new Promise((resolve) => setTimeout(resolve, 100))
    balanced = [...others, next]
    expect((await stopped).code).toBe(0)
  }
  isOver = true
  await Promise.all(load)

  expect(wrong).toEqual([])
  expect(entries.size).toBeGreaterThan(100)
  expect(new Set(entries.values()).size).toBe(entries.size)
  await settleAccount(user!._id)
  const account = await mongoStore.findAccount(user!._id)
  expect(account?.credits).toBe(100_025 - entries.size)
  expect(violations(account!, await ledgerOf(user!._id))).toEqual([])
})

describe('a process that ends', () => {
  test('a process keeps its database until the last request is answered (6.6)', async () => {
    const app = await start()
    const crowd = await signUpCrowd(app)
    const stopped = app.stop()

    await expectAllSignedUp(crowd)
    expect((await stopped).code).toBe(0)
  })

  test('a process reports that it is not ready, and answers until the load balancer has noticed (6.5, 6.6, H50)', async () => {
    const app = await start({ DRAIN_SECONDS: '5' })
    const { cookie } = await app.signUp()
    process.kill(pidOf(app), 'SIGTERM')
    await expect.poll(async () => (await app.fetch('/readyz')).status, { interval: 20 }).toBe(503)

    const headers = { Cookie: cookie, 'Content-Type': 'application/json' }
    const spent = await app.fetch('/api/credits/deduct', { method: 'POST', body: '{"credits":1}', headers })
    expect(spent.status).toBe(200)
    expect(spent.headers.get('Connection')).toBe('close')
    expect(await endOf(app)).toBe(0)
  })
})

describe('an unhandled rejection', () => {
  test('an unhandled rejection ends the process in order: the reason logged, open requests answered, an error code (6.7)', async () => {
    const fault = 'process.on("SIGUSR2",()=>Promise.reject(new Error("nobody-handles-this")))'
    const preload = `--import=data:text/javascript,${encodeURIComponent(fault)}`
    const app = await start({ NODE_OPTIONS: `${process.env.NODE_OPTIONS} ${preload}` })
    const crowd = await signUpCrowd(app)
    process.kill(pidOf(app), 'SIGUSR2')

    await expectAllSignedUp(crowd)
    await expect.poll(() => app.log()).toContain('nobody-handles-this')
    expect(await endOf(app)).toBe(1)
  })
})

test.each(['127.0.0.1:1/x', ':bad/x', 'host:99999999/x', 'two@at/x', '127.0.0.1:1/x?unknown=1'])(
  'a start that fails at the database ……@%s prints no password (6.10)',
  async (address) => {
    const output = await outputOf({ SCRIP_MODE: 'local', MONGODB_URI: `mongodb://user:hunter2secret@${address}` })

    expect(output).toContain(`${brand.name} could not start.`)
    expect(output).not.toContain('hunter2secret')
  },
)

/** The exit code of a process that ends by itself, without stop(). */
async function endOf(app: ServedApp): Promise<number | null> {
  await expect.poll(() => isAlive(pidOf(app)), { timeout: 20_000 }).toBe(false)
  return (await app.stop()).code
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function outputOf(environment: Record<string, string>): Promise<string> {
  const child = spawn(process.execPath, ['scripts/serve.mjs'], { env: { ...process.env, ...environment } })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)))
  return new Promise((resolve) => child.once('close', () => resolve(output)))
}
