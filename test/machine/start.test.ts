import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { brand } from '#app/brand.mjs'
import { lockHolder } from '../../scripts/local/lock.mjs'
import { anyFreePort } from '../../scripts/local/ports.mjs'
import { isRunning, processId, waitForEnd } from '../../scripts/local/processes.mjs'

/** Includes a build on the first run. */
const START_MS = 180_000

let folder: string
let url: string
let environment: NodeJS.ProcessEnv
let started: ChildProcess[]

beforeEach(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'scrip-start-'))
  const port = await anyFreePort()
  url = `http://localhost:${port}`
  environment = { ...process.env, SCRIP_DATA: folder, PORT: `${port}`, SANDBOX_PORT: `${await anyFreePort()}` }
  // Variables of the test run that a shell with `npm start` does not have.
  const names = ['NODE_ENV', 'SCRIP_MODE', 'VITEST', 'MONGODB_URI', 'APP_URL', 'npm_lifecycle_event', 'SESSION_SECRET']
  for (const name of [...names, 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE'])
    delete environment[name]
  started = []
})

afterEach(async () => {
  const children = lockHolder(folder)?.children ?? []
  for (const run of started) run.kill('SIGKILL')
  await waitForEnd(children, { patienceMs: 10_000 })
  await rm(folder, { recursive: true, force: true })
})

/** Runs `npm start` without npm, until it is ready or has exited. */
async function start(overrides: Record<string, string> = {}) {
  const run = spawn(process.execPath, ['scripts/start.mjs'], {
    env: { ...environment, ...overrides },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  started.push(run)
  let output = ''
  const closed = once(run, 'close') as Promise<[number | null, string | null]>
  await new Promise<void>((resolve) => {
    const listen = (chunk: Buffer) => {
      output += chunk.toString()
      if (/Ctrl-C stops/.test(output)) resolve()
    }
    run.stdout.on('data', listen)
    run.stderr.on('data', listen)
    void closed.then(() => resolve())
  })
  return { run, closed, output: () => output }
}

/** Every running process of the installation. */
function processesOfFolder() {
  const holder = lockHolder(folder)
  if (!holder) throw new Error('nothing runs on the folder')
  return [processId(holder.pid), ...holder.children]
}

async function logInAsDemo(): Promise<string> {
  const { DEMO_PASSWORD } = JSON.parse(readFileSync(path.join(folder, 'secrets.json'), 'utf8')) as Record<
    string,
    string
  >
  const answer = await fetch(`${url}/login`, {
    method: 'POST',
    redirect: 'manual',
    headers: { Origin: url },
    body: new URLSearchParams({ email: 'demo@example.com', password: DEMO_PASSWORD ?? '' }),
  })
  expect(answer.status).toBe(302)
  return answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
}

async function whoAmI(cookie: string) {
  const answer = await fetch(`${url}/api/user`, { headers: { Cookie: cookie } })
  return {
    status: answer.status,
    body: (await answer.json()) as { user: { id: string; email: string }; credits: number },
  }
}

test(
  'npm start runs everything, kill -9 of everything loses nothing, and Ctrl-C stops it cleanly',
  { timeout: START_MS },
  async () => {
    const first = await start()
    expect(first.output()).toContain(`${brand.name} ready at ${url}`)
    const cookie = await logInAsDemo()
    const before = await whoAmI(cookie)
    expect(before).toMatchObject({ status: 200, body: { user: { email: 'demo@example.com' } } })
    // The balance after the months of its history.
    expect(before.body.credits).toBeGreaterThan(1000)

    const again = await start()
    expect(await again.closed).toEqual([0, null])
    expect(again.output()).toContain(`already running at ${url}`)
    expect((await whoAmI(cookie)).status).toBe(200)

    const killed = processesOfFolder()
    expect(killed).toHaveLength(4)
    for (const { pid } of killed) process.kill(pid, 'SIGKILL')
    await first.closed

    const second = await start()
    expect(second.output()).toContain(`${brand.name} ready at ${url}`)
    expect(await whoAmI(cookie)).toEqual(before)

    const running = processesOfFolder()
    second.run.kill('SIGINT')
    expect(await second.closed).toEqual([0, null])
    expect(running.filter(isRunning)).toEqual([])
    expect(lockHolder(folder)).toBeNull()
  },
)

test('everything that npm start has started exits with it, even when it is killed', { timeout: START_MS }, async () => {
  const { run, closed } = await start()
  const children = processesOfFolder().slice(1)
  expect(children).toHaveLength(3)
  run.kill('SIGKILL')
  await closed
  const deadline = Date.now() + 20_000
  while (children.some(isRunning) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 100))
  expect(children.filter(isRunning)).toEqual([])
})

test('a taken port is reported with the variable that changes it', { timeout: START_MS }, async () => {
  const port = Number(environment.PORT)
  const { createServer } = await import('node:net')
  const other = createServer().listen(port, '127.0.0.1')
  await once(other, 'listening')
  const { closed, output } = await start()
  other.close()
  expect(await closed).toEqual([1, null])
  expect(output()).toContain(`Port ${port} is taken by another program. Choose another one: PORT=${port + 1}`)
})

test('in production nothing local is started, and every missing setting is named', { timeout: START_MS }, async () => {
  const { closed, output } = await start({ NODE_ENV: 'production' })
  expect((await closed)[0]).toBe(1)
  for (const name of [
    'MONGODB_URI',
    'STRIPE_SECRET_KEY',
    'STRIPE_WEBHOOK_SECRET',
    'SESSION_SECRET',
    'APP_URL',
    'SMTP_URL',
  ]) {
    expect(output()).toContain(`${name} is missing`)
  }
  expect(lockHolder(folder)).toBeNull()
})
