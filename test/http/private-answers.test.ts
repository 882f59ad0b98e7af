import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import { builtRoutes, type ServedApp, startServedApp } from './served-app.ts'

await ensureBuilt()

let app: ServedApp
let cookie: string

beforeAll(async () => {
  app = await startServedApp()
  cookie = (await app.signUp()).cookie
})
afterAll(() => app?.stop())

const cacheOf = async (path: string, headers: Record<string, string> = {}) =>
  (await app.fetch(path, { headers })).headers.get('Cache-Control') ?? ''

describe('caching of what an account can see', () => {
  /** The description of the API shows nothing of an account. */
  const notPrivate = ['/logout', '/api/openapi.json']
  const routes = builtRoutes().filter(({ hasLoader, path }) => hasLoader && !notPrivate.includes(path))
  const paths = [...new Set(routes.map(({ path }) => path.replace('/actions/x', '/actions/qr-code')))]

  test.each(paths)('%s is never stored, as a page or as data', async (path) => {
    const data = path === '/' ? '/_root.data' : `${path}.data`

    expect(await cacheOf(path, { Cookie: cookie })).toMatch(/\bno-store\b/)
    expect(await cacheOf(data, { Cookie: cookie })).toMatch(/\bno-store\b/)
    // This includes the redirect to the log-in.
    expect(await cacheOf(path)).toMatch(/\bno-store\b/)
  })

  test('a file of a run and the page after a form are never stored', async () => {
    const run = await app.post('/actions/qr-code', { text: 'mine', key: randomUUID() }, { Cookie: cookie })
    const page = await (await app.fetch(run.headers.get('Location') ?? '', { headers: { Cookie: cookie } })).text()
    const file = /href="(\/actions\/qr-code\/runs\/[^"]+\.png)"/.exec(page)?.[1] ?? ''
    const answer = await app.fetch(file, { headers: { Cookie: cookie } })
    const rejected = await app.post('/settings?index', { timeZone: 'x' }, { Cookie: cookie })

    expect(answer.headers.get('Content-Type')).toBe('image/png')
    expect(answer.headers.get('Cache-Control')).toBe('private, no-store')
    expect(rejected.headers.get('Cache-Control')).toBe('no-store')
  })

  test('the ledger CSV and the local mailbox are never stored', async () => {
    expect(await cacheOf('/api/credits/entries?format=csv', { Cookie: cookie })).toBe('no-store')
    await app.post('/forgot-password', { email: 'nobody@example.com' })
    expect(await cacheOf('/mailbox')).toBe('no-store')
  })
})
