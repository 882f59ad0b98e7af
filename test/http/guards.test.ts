import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type BuiltRoute, builtRoutes, type ServedApp, startServedApp } from './served-app.ts'

/** The public loaders. A new one has to be listed here. */
const PUBLIC_LOADERS = [
  'root',
  'routes/$',
  'routes/_auth',
  'routes/_auth.forgot-password',
  'routes/_auth.login',
  'routes/_auth.reset-password',
  'routes/_auth.signup',
  'routes/_auth.verify-email',
  'routes/_index',
  'routes/api.openapi[.]json',
  'routes/docs.api',
  'routes/mailbox',
  'routes/mailbox_.$mailId',
  'routes/pricing',
  'routes/resources.theme',
  'routes/support',
  'routes/unsubscribe',
]

/** The public actions. Webhook, unsubscribe and confirmation are signed; pricing sends visitors to the sign-up. */
const PUBLIC_ACTIONS = [
  'routes/$',
  'routes/_auth.forgot-password',
  'routes/_auth.login',
  'routes/_auth.logout',
  'routes/_auth.reset-password',
  'routes/_auth.signup',
  'routes/_auth.verify-email',
  'routes/api.webhook',
  'routes/pricing',
  'routes/resources.theme',
  'routes/unsubscribe',
]

let app: ServedApp
let routes: BuiltRoute[]

beforeAll(async () => {
  app = await startServedApp()
  routes = builtRoutes()
})
afterAll(() => app?.stop())

/** A layout has no address of its own, so use the address of a page inside it. */
function pathOfPageIn(id: string): string {
  const page =
    routes.find((route) => route.id.startsWith(`${id}.`) && !route.id.endsWith('$')) ??
    routes.find((route) => route.id === id)
  return page && page.path !== '/' ? page.path : '/_root'
}

const foreign = { Origin: 'https://evil.example' }
const isRefusal = (response: Response) =>
  (response.status === 302 && /^\/(login|signup)\b/.test(response.headers.get('Location') ?? '')) ||
  [401, 405].includes(response.status)

describe('requests without a session (H46: a parent’s guard guards nothing)', () => {
  test('no page of the account is shown, and the log-in returns to it (5.5)', async () => {
    const pages = routes.filter(({ id, hasPage }) => hasPage && id.startsWith('routes/_app.'))
    const open: string[] = []
    for (const { id, path } of pages) {
      const response = await app.fetch(path)
      const back = `/login?redirectTo=${encodeURIComponent(path)}`
      if (response.status !== 302 || response.headers.get('Location') !== back) open.push(id)
    }

    expect(pages.length).toBeGreaterThan(5)
    expect(open).toEqual([])
  })

  test('no single loader answers when it is requested as the browser does (5.5)', async () => {
    const open: string[] = []
    for (const { id, hasLoader, hasPage } of routes) {
      if (!hasLoader || !hasPage || PUBLIC_LOADERS.includes(id)) continue
      const data = await app.fetch(`${pathOfPageIn(id)}.data?_routes=${encodeURIComponent(id)}`)
      if (data.status !== 202 || !(await data.text()).includes('/login')) open.push(id)
    }

    expect(open).toEqual([])
  })

  test('no resource answers without a session', async () => {
    const open: string[] = []
    for (const { id, path, hasLoader, hasPage } of routes) {
      if (!hasLoader || hasPage || PUBLIC_LOADERS.includes(id)) continue
      if (!isRefusal(await app.fetch(path))) open.push(id)
    }

    expect(open).toEqual([])
  })

  test('no action runs (5.5)', async () => {
    const open: string[] = []
    for (const { id, path, hasAction } of routes) {
      if (!hasAction || PUBLIC_ACTIONS.includes(id)) continue
      for (const method of ['POST', 'DELETE']) {
        if (!isRefusal(await app.fetch(path, { method }))) open.push(`${method} ${id}`)
      }
    }

    expect(open).toEqual([])
  })
})

describe('a post from another site (H44: Remix checks only some kinds)', () => {
  const variants = (route: BuiltRoute): [path: string, status: number][] => {
    const id = encodeURIComponent(route.id)
    return [
      [route.path, 403],
      [`${route.path === '/' ? '/_root' : route.path}.data`, 403],
      [`${route.path}?_routes=${id}`, 403],
      [`${route.path}?index`, 403],
      [`${route.path}?_data=${id}`, 410],
    ]
  }

  test('every action refuses it, in every form that Remix knows, with or without a cookie (5.1)', async () => {
    const { cookie } = await app.signUp()
    const passed: string[] = []
    for (const route of routes.filter(({ hasAction, id }) => hasAction && id !== 'routes/api.webhook')) {
      for (const [path, status] of variants(route)) {
        for (const headers of [foreign, { Origin: 'null' }, { 'Sec-Fetch-Site': 'cross-site' }]) {
          const body = new URLSearchParams({ name: 'Mallory', timeZone: 'UTC', theme: 'dark' })
          const response = await app.fetch(path, { method: 'POST', body, headers: { ...headers, Cookie: cookie } })
          if (response.status !== status) passed.push(`${path} ${JSON.stringify(headers)} ${response.status}`)
        }
      }
    }

    expect(passed).toEqual([])
    expect(await (await app.fetch('/settings', { headers: { Cookie: cookie } })).text()).not.toContain('Mallory')
  })

  test('other methods are refused, too', async () => {
    for (const method of ['PUT', 'PATCH', 'DELETE']) {
      expect((await app.fetch('/settings', { method, headers: foreign })).status).toBe(403)
    }
  })

  test('a person gets a readable page', async () => {
    const response = await app.fetch('/login', { method: 'POST', headers: { ...foreign, Accept: 'text/html' } })

    expect(response.headers.get('Content-Type')).toContain('text/html')
    expect(await response.text()).toContain('Nothing was changed')
  })

  test('the webhook accepts it, because the signature decides', async () => {
    const response = await app.fetch('/api/webhook', { method: 'POST', body: '{}', headers: foreign })

    expect(response.status).toBe(400)
  })
})

describe('a post from our own page', () => {
  test.each([
    ['by its origin', () => ({ Origin: app.url })],
    [
      'by Sec-Fetch-Site, although a privacy setting hides the origin',
      () => ({ 'Sec-Fetch-Site': 'same-origin', Origin: 'null' }),
    ],
    ['under another name of this machine', () => ({ Origin: app.url.replace('localhost', '127.0.0.1') })],
  ])('a post from our own page passes %s (H45, 5.2)', async (_, headers) => {
    const { cookie } = await app.signUp()
    const address = app.url.replace('localhost', '127.0.0.1')
    const response = await fetch(`${address}/settings?index`, {
      method: 'POST',
      body: new URLSearchParams({ name: 'Grace', timeZone: 'Europe/Berlin' }),
      headers: { ...headers(), Cookie: cookie },
    })

    expect(response.status).toBe(200)
    expect(await response.text()).toContain('Saved.')
  })
})
