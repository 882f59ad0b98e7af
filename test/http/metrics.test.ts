import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import { type ServedApp, startServedApp } from './served-app.ts'

let app: ServedApp | undefined

beforeAll(() => ensureBuilt())
afterEach(async () => {
  await app?.stop()
  app = undefined
})

const TOKEN = 'a-token-for-the-metrics-of-the-tests'
const PRODUCTION = {
  SCRIP_MODE: 'production',
  APP_URL: 'https://scrip.example',
  STRIPE_SECRET_KEY: 'sk_live_of_the_tests',
  STRIPE_API_BASE: '',
  SESSION_SECRET: 'a long session secret of the tests made of words',
  SMTP_URL: 'smtp://127.0.0.1:1',
  MAIL_FROM: 'Scrip <billing@scrip.example>',
  TRUST_PROXY: '1',
}

const read = async (headers: Record<string, string> = {}) => app?.fetch('/metrics', { headers })
const bearer = (token: string) => ({ Authorization: `Bearer ${token}` })

describe('/metrics', () => {
  test('a local installation answers programs on its machine, and no proxy', async () => {
    app = await startServedApp()

    expect(await (await read())?.text()).toContain('http_requests_total')
    expect((await read({ 'X-Forwarded-For': '127.0.0.1' }))?.status).toBe(404)
  })

  test('production has no metrics without a token', async () => {
    app = await startServedApp(PRODUCTION)

    expect((await read())?.status).toBe(404)
    expect((await read(bearer('')))?.status).toBe(404)
  })

  test('a configured token is required everywhere', async () => {
    app = await startServedApp({ ...PRODUCTION, METRICS_TOKEN: TOKEN })

    for (const headers of [{}, bearer(''), bearer(TOKEN.slice(1)), bearer(`${TOKEN}x`), { Authorization: TOKEN }]) {
      const refused = await read(headers)
      expect(refused?.status).toBe(401)
      expect(refused?.headers.get('WWW-Authenticate')).toBe('Bearer')
      expect(await refused?.text()).not.toContain('http_requests_total')
    }
    const allowed = await read(bearer(TOKEN))
    expect(allowed?.status).toBe(200)
    expect(allowed?.headers.get('Cache-Control')).toBe('no-store')
    expect(await allowed?.text()).toContain('http_requests_total')
  })
})
