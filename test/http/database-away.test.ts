import { mkdtemp, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Mongod, startMongod } from '#sandbox/mongod/server.mjs'
import { withDatabaseName } from '../setup/database-name.ts'
import { PASSWORD, type ServedApp, startServedApp } from './served-app.ts'

let folder: string
let mongod: Mongod
let app: ServedApp
let user: { email: string; cookie: string }

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'scrip-away-'))
  mongod = await startMongod({ dataFolder: folder })
  app = await startServedApp({ MONGODB_URI: withDatabaseName(mongod.uri, 'scrip') })
  user = await app.signUp()
})
afterAll(async () => {
  await app?.stop()
  await mongod?.stop()
  await rm(folder, { recursive: true, force: true })
})

/** Longer than the driver searches for a server, shorter than a user waits. */
const PATIENCE_MS = 4_500

async function answer(work: Promise<Response>): Promise<{ status: number; text: string; retryAfter: string | null }> {
  const start = performance.now()
  const response = await work
  expect(performance.now() - start).toBeLessThan(PATIENCE_MS)
  return { status: response.status, text: await response.text(), retryAfter: response.headers.get('Retry-After') }
}

test('while the database is away every request gets a plain answer, and nobody is logged out (3.11)', async () => {
  await mongod.stop()
  const spend = {
    method: 'POST',
    body: '{"credits":1}',
    headers: { 'Content-Type': 'application/json', Cookie: user.cookie },
  }
  const [page, api, logIn, anonymous] = await Promise.all([
    answer(app.fetch('/settings', { headers: { Cookie: user.cookie } })),
    answer(app.fetch('/api/credits/deduct', spend)),
    answer(app.post('/login', { email: user.email, password: PASSWORD })),
    answer(app.fetch('/login')),
  ])

  expect(page).toMatchObject({ status: 503, text: expect.stringContaining('Your credits are safe') as string })
  expect(api).toMatchObject({ status: 503, retryAfter: '1', text: expect.stringContaining('safe to repeat') as string })
  expect(logIn.status).toBe(503)
  expect(anonymous.status).toBe(200)
})

test('the process stays alive, and a short absence does not make it unready (H50)', async () => {
  expect((await app.fetch('/healthz')).status).toBe(200)
  const ready = await app.fetch('/readyz')

  expect(ready.status).toBe(200)
  expect(await ready.json()).toMatchObject({ database: 'unsteady' })
})

test('the process resumes by itself once the database is back, with the session intact', async () => {
  const { port } = mongod
  mongod = await startMongod({ dataFolder: folder, port })
  const visit = () => app.fetch('/settings', { headers: { Cookie: user.cookie } })

  await expect.poll(async () => (await visit()).status, { interval: 250 }).toBe(200)
  expect((await app.fetch('/readyz')).status).toBe(200)
})
