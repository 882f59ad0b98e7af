import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import os from 'node:os'
import path from 'node:path'
import mongoose from 'mongoose'
import { afterEach, beforeAll, describe, expect, inject, test } from 'vitest'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import { anyFreePort } from '../../scripts/local/ports.mjs'
import { withDatabaseName } from '../setup/database-name.ts'
import { PASSWORD, type ServedApp, startServedApp } from './served-app.ts'

let app: ServedApp | undefined

beforeAll(() => ensureBuilt())
afterEach(async () => {
  await app?.stop()
  app = undefined
})

describe('a process that is told to stop', () => {
  test('an idle process exits at once, with or without idle connections (6.4)', async () => {
    app = await startServedApp()
    const port = Number(new URL(app.url).port)
    const idle = await Promise.all(Array.from({ length: 20 }, () => open(port)))
    const start = performance.now()
    const { code } = await app.stop()

    expect(code).toBe(0)
    // Waiting for their keep-alive would take a minute.
    expect(performance.now() - start).toBeLessThan(5_000)
    for (const socket of idle) socket.destroy()
  })

  test('a busy process finishes its requests first (6.6)', async () => {
    app = await startServedApp()
    const { post, fetch, stop } = app
    // Only two hash at once, so most of these wait inside the process when the signal arrives.
    const logins = Array.from({ length: 40 }, (_, index) =>
      post('/login', { email: `nobody-${index}@example.com`, password: PASSWORD }),
    )
    await expect.poll(async () => arrived(await (await fetch('/metrics')).text()), { interval: 20 }).toBe(40)
    const stopped = stop()
    const statuses = (await Promise.all(logins)).map(({ status }) => status)

    expect(new Set(statuses)).toEqual(new Set([401]))
    expect((await stopped).code).toBe(0)
  })
})

/** How many requests the process has answered or is answering, without this request for the metrics. */
function arrived(metrics: string): number {
  const answered = /http_requests_total\{method="POST",route="\/login",status="401"\} (\d+)/.exec(metrics)?.[1] ?? 0
  const inFlight = /^http_requests_in_flight (\d+)/m.exec(metrics)?.[1] ?? 0
  return Number(answered) + Number(inFlight) - 1
}

describe('a production process', () => {
  const LIVE = {
    NODE_ENV: 'production',
    APP_URL: 'https://scrip.example',
    STRIPE_SECRET_KEY: 'sk_live_of_the_tests',
    STRIPE_WEBHOOK_SECRET: 'whsec_of_the_tests',
    SESSION_SECRET: 'a long session secret of the tests made of words',
    SMTP_URL: 'smtp://127.0.0.1:1',
    MAIL_FROM: 'Scrip <billing@scrip.example>',
    TRUST_PROXY: '0',
  }

  test('the app does not start without its settings, and names all of them in one message', async () => {
    const { code, output } = await serve({ NODE_ENV: 'production' })

    expect(code).toBe(1)
    for (const name of Object.keys(LIVE).slice(1)) expect(output).toContain(`${name} is missing`)
    expect(output).toContain('MONGODB_URI is missing')
  })

  test.each([
    ['at a public address', { APP_URL: 'https://scrip.example' }],
    ['with a live key', { STRIPE_SECRET_KEY: 'sk_live_of_the_tests' }],
  ])('an app without NODE_ENV does not start in local mode %s', async (_, environment) => {
    const SCRIP_DATA = await mkdtemp(path.join(os.tmpdir(), 'scrip-forgotten-'))
    const { code, output } = await serve({
      ...LIVE,
      NODE_ENV: '',
      APP_URL: '',
      STRIPE_SECRET_KEY: '',
      SCRIP_DATA,
      ...environment,
    })
    const left = await readdir(SCRIP_DATA)
    await rm(SCRIP_DATA, { recursive: true, force: true })

    expect(code).toBe(1)
    expect(output).toContain('set NODE_ENV=production')
    expect(left).toEqual([])
  })

  test('the app does not start on a database in use that lacks a unique index, and names it (3.12)', async () => {
    const MONGODB_URI = withDatabaseName(inject('mongodbUri'), `scrip-live-${randomUUID()}`)
    await connectDatabase(MONGODB_URI)
    await ensureIndexes()
    await mongoose.connection.collection('billing_history').dropIndex('stripeInvoiceId_1')
    await disconnectDatabase()

    const { code, output } = await serve({ ...LIVE, MONGODB_URI })

    expect(code).toBe(1)
    expect(output).toContain('billing_history.stripeInvoiceId_1 (unique)')
  })

  test('the app serves no mailbox, and sends its cookies over https only', async () => {
    app = await startServedApp({ ...LIVE, SCRIP_MODE: 'production', STRIPE_API_BASE: '' })
    const { email } = await app.signUp()
    const logIn = await app.post('/login', { email, password: PASSWORD })

    expect((await app.fetch('/mailbox')).status).toBe(404)
    expect(logIn.headers.get('Set-Cookie')).toMatch(/^__Host-scrip_session=.*Secure/)
    expect(logIn.headers.get('Strict-Transport-Security')).toContain('max-age')
  })
})

async function open(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await new Promise((resolve) => socket.once('data', resolve))
  return socket
}

async function serve(environment: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const { PATH } = process.env
  const env: Record<string, string | undefined> = { PATH, PORT: String(await anyFreePort()), ...environment }
  const child = spawn(process.execPath, ['scripts/serve.mjs'], {
    env: env as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve))
  return { code, output }
}
