import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import net from 'node:net'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { parseConfig } from '#app/config.server.ts'
import {
  isProduction,
  joinInstallation,
  requireDatabase,
  requireLocal,
  stripeApiBase,
} from '../../scripts/local/environment.mjs'
import { takeLock } from '../../scripts/local/lock.mjs'
import { choosePort } from '../../scripts/local/ports.mjs'
import { localSecrets } from '../../scripts/local/secrets.mjs'

const SECRETS_MODULE = new URL('../../scripts/local/secrets.mjs', import.meta.url).href
const OURS = ['NODE_ENV', 'SCRIP_MODE', 'MONGODB_URI', 'SESSION_SECRET', 'SANDBOX_PORT']
const STRIPES = ['STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'STRIPE_API_BASE']

let folder: string
let before: NodeJS.ProcessEnv

beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'scrip-environment-'))
  before = { ...process.env }
  for (const name of [...OURS, ...STRIPES]) delete process.env[name]
  process.env.SCRIP_DATA = folder
})

afterEach(async () => {
  for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name]
  Object.assign(process.env, before)
  await rm(folder, { recursive: true, force: true })
})

test('secrets are created once, readable by their owner alone', () => {
  const secrets = localSecrets(folder)
  expect(secrets.STRIPE_SECRET_KEY).toMatch(/^sk_test_\w{20,}$/)
  expect(secrets.STRIPE_WEBHOOK_SECRET).toMatch(/^whsec_\w{20,}$/)
  expect(secrets.SESSION_SECRET.length).toBeGreaterThan(30)
  expect(statSync(path.join(folder, 'secrets.json')).mode & 0o777).toBe(0o600)
  expect(localSecrets(folder)).toEqual(secrets)
})

test('processes that create the secrets at once all get the same ones', async () => {
  const code = `import(${JSON.stringify(SECRETS_MODULE)}).then((m) => console.log(JSON.stringify(m.localSecrets(${JSON.stringify(folder)}))))`
  const answers = await Promise.all(
    Array.from({ length: 6 }, async () => {
      const child = spawn(process.execPath, ['-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      await once(child, 'close')
      return output
    }),
  )
  expect(new Set(answers).size).toBe(1)
  expect(readdirSync(folder)).toEqual(['secrets.json'])
})

test('a process that joins uses given values, and the rest from the running installation', () => {
  process.env.STRIPE_WEBHOOK_SECRET = 'whsec_given'
  const lock = takeLock(folder, { command: 'npm run sandbox' })
  lock.update({ mongodbUri: 'mongodb://127.0.0.1:27117/scrip', sandboxUrl: 'http://127.0.0.1:4777' })
  joinInstallation()
  lock.release()

  const secrets = JSON.parse(readFileSync(path.join(folder, 'secrets.json'), 'utf8')) as Record<string, string>
  expect(process.env).toMatchObject({
    SCRIP_MODE: 'local',
    MONGODB_URI: 'mongodb://127.0.0.1:27117/scrip',
    STRIPE_API_BASE: 'http://127.0.0.1:4777',
    STRIPE_WEBHOOK_SECRET: 'whsec_given',
    STRIPE_SECRET_KEY: secrets.STRIPE_SECRET_KEY,
    SESSION_SECRET: secrets.SESSION_SECRET,
  })
})

test('a Stripe key from the user means the real Stripe, unless an address is given with it', () => {
  expect(stripeApiBase()).toBe('http://127.0.0.1:4242')
  process.env.SANDBOX_PORT = '4300'
  expect(stripeApiBase()).toBe('http://127.0.0.1:4300')
  process.env.STRIPE_SECRET_KEY = 'sk_test_mine'
  expect(stripeApiBase()).toBeUndefined()
  process.env.STRIPE_API_BASE = 'http://127.0.0.1:9'
  expect(stripeApiBase()).toBe('http://127.0.0.1:9')
})

test('an error without a database says what to do', () => {
  joinInstallation()
  expect(() => requireDatabase()).toThrow(/npm run sandbox/)
})

test.each([
  [{ APP_URL: 'https://scrip.example' }, /APP_URL is not an address of this machine/],
  [{ APP_URL: 'http://192.168.1.20:3000' }, /APP_URL/],
  [{ STRIPE_SECRET_KEY: 'sk_live_0123456789' }, /STRIPE_SECRET_KEY is a live key/],
  [{ STRIPE_SECRET_KEY: 'rk_live_0123456789' }, /STRIPE_SECRET_KEY/],
])('%j is refused in local mode, by the scripts and the app alike', (given, problem) => {
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value)
  expect(() => requireLocal()).toThrow(problem)
  expect(() => parseConfig({ SCRIP_MODE: 'local', ...given })).toThrow(problem)
  vi.unstubAllEnvs()
})

test.each<Record<string, string>>([
  {},
  { APP_URL: 'http://localhost:3000' },
  { APP_URL: 'http://[::1]', STRIPE_SECRET_KEY: 'sk_test_mine' },
])('%j is accepted in local mode, by the scripts and the app alike', (given) => {
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value)
  expect(() => requireLocal()).not.toThrow()
  expect(() => parseConfig({ SCRIP_MODE: 'local', ...given })).not.toThrow()
  vi.unstubAllEnvs()
})

test('production creates no values and leaves the data folder untouched', () => {
  vi.stubEnv('NODE_ENV', 'production')
  expect(isProduction()).toBe(true)
  joinInstallation()
  expect(process.env.SESSION_SECRET).toBeUndefined()
  expect(process.env.STRIPE_API_BASE).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
  vi.unstubAllEnvs()
})

test('a requested port that is taken is refused with its variable, a default port is replaced', async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  await expect(choosePort({ variable: 'PORT', fallback: 3000, given: `${port}` })).rejects.toThrow(`PORT=${port + 1}`)
  await expect(choosePort({ variable: 'PORT', fallback: 3000, given: 'high' })).rejects.toThrow(
    'PORT=high is not a port',
  )
  expect(await choosePort({ variable: 'PORT', fallback: port })).not.toBe(port)
  server.close()
})
