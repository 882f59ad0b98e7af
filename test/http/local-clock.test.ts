import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { findUser } from '#app/auth/require-user.server.ts'
import { listSessions } from '#app/auth/session.server.ts'
import { machineNow, moveClock, now, resetClock } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { catchUpWithSandbox, localClock, readSandboxClock } from '#app/sandbox-clock.server.ts'
import { startStripeSandbox } from '#sandbox/stripe/server.ts'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import { newUser, visitAs } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'

const DAY = 86_400
const MONTH = 31 * DAY

useDatabase()
let sandbox: StripeSandbox

/** Days that the app is ahead of this machine, whose clock is read first: a millisecond between would give -0. */
function daysAhead(): number {
  const machine = Date.now()
  return Math.round((now().getTime() - machine) / (DAY * 1000))
}

beforeEach(async () => {
  sandbox = await startStripeSandbox()
  vi.stubEnv('STRIPE_API_BASE', sandbox.url)
  resetConfig()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  resetConfig()
  resetClock()
  await sandbox.close()
})

describe('the clock in local mode', () => {
  it('the clock follows the sandbox from the start', async () => {
    sandbox.advance(2 * DAY)
    const clock = localClock({ everyMs: 10 })
    await clock.start()
    expect(daysAhead()).toBe(2)
    sandbox.advance(MONTH)
    await expect.poll(daysAhead).toBe(33)
    await clock.stop()
    sandbox.advance(MONTH)
    await new Promise((resolve) => setTimeout(resolve, 60))
    expect(daysAhead()).toBe(33)
  })

  it('the clock catches up before an event is processed', async () => {
    const clock = localClock({ everyMs: 60_000 })
    await clock.start()
    sandbox.advance(MONTH)
    await catchUpWithSandbox()
    expect(daysAhead()).toBe(31)
    await clock.stop()
  })

  it('the clock is not read per event when no app follows it', async () => {
    sandbox.advance(MONTH)
    await catchUpWithSandbox()
    expect(daysAhead()).toBe(0)
  })

  it('the clock keeps its offset while the sandbox is away, and never goes back', async () => {
    sandbox.advance(MONTH)
    expect(await readSandboxClock()).toBe(true)
    await sandbox.close()
    expect(await readSandboxClock()).toBe(false)
    expect(daysAhead()).toBe(31)
    sandbox = await startStripeSandbox()
    vi.stubEnv('STRIPE_API_BASE', sandbox.url)
    resetConfig()
    expect(await readSandboxClock()).toBe(true)
    expect(daysAhead()).toBe(31)
  })

  it('log-ins follow the browser’s clock: a skipped month ends none, and new ones last as long as usual', async () => {
    const user = await newUser()
    const request = await visitAs(user)
    moveClock(2 * MONTH * 1000)
    expect((await findUser(request))?.email).toBe(user.email)
    expect((await findUser(await visitAs(user)))?.email).toBe(user.email)
    expect(await listSessions(user, request)).toHaveLength(2)
    expect(Math.abs(machineNow().getTime() - Date.now())).toBeLessThan(1000)
  })

  it('the clock is untouched in production', async () => {
    sandbox.advance(MONTH)
    for (const [name, value] of Object.entries(PRODUCTION)) vi.stubEnv(name, value)
    resetConfig()
    const clock = localClock({ everyMs: 10 })
    await clock.start()
    expect(await readSandboxClock()).toBe(false)
    await clock.stop()
    expect(daysAhead()).toBe(0)
  })
})

const PRODUCTION = {
  SCRIP_MODE: 'production',
  APP_URL: 'https://scrip.example',
  MONGODB_URI: 'mongodb://db.example/scrip',
  STRIPE_SECRET_KEY: 'sk_live_0123456789abcdefghijklmnop',
  STRIPE_API_BASE: '',
  STRIPE_WEBHOOK_SECRET: 'whsec_0123456789abcdefghijklmnop',
  SESSION_SECRET: 'a-secret-of-a-production-installation-0123456789',
  TRUST_PROXY: '0',
  SMTP_URL: 'smtp://mail.example',
  MAIL_FROM: 'Scrip <scrip@scrip.example>',
}
