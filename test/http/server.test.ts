import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, type ServedApp, startServedApp } from './served-app.ts'

let app: ServedApp

beforeAll(async () => {
  app = await startServedApp()
})
afterAll(() => app?.stop())

const errorOf = async (response: Response) => ((await response.json()) as { error: Record<string, unknown> }).error

describe('a page', () => {
  test('a page carries its policy, and its scripts the nonce of the policy (5.11)', async () => {
    const response = await app.fetch('/login')
    const policy = response.headers.get('Content-Security-Policy') ?? ''
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? ''
    const scripts = [...(await response.text()).matchAll(/<script([^>]*)>/g)].map(([, attributes]) => attributes)

    expect(nonce).not.toBe('')
    expect(scripts.length).toBeGreaterThan(1)
    for (const attributes of scripts) expect(attributes).toContain(`nonce="${nonce}"`)
    expect((await app.fetch('/login')).headers.get('Content-Security-Policy')).not.toContain(nonce)
  })

  test('a page has no style attribute, which the policy would forbid', async () => {
    const { cookie } = await app.signUp()
    for (const path of ['/', '/login', '/signup', '/settings', '/settings/api-keys']) {
      const html = await (await app.fetch(path, { headers: { Cookie: cookie } })).text()
      expect(html).not.toMatch(/<[^>]* style=/)
    }
  })

  test('a page is compressed on request', async () => {
    const response = await app.fetch('/login', { headers: { 'Accept-Encoding': 'gzip' } })

    expect(response.headers.get('Content-Encoding')).toBe('gzip')
    expect(response.headers.get('Vary')).toContain('Accept-Encoding')
    expect(await response.text()).toContain('</html>')
  })

  test('a missing page has links back, also for an address that cannot be decoded', async () => {
    for (const path of ['/nothing-here', '/%E0%A4%A', '//evil.example/x', '/__manifest?p=/a/b/c&version=1']) {
      const response = await app.fetch(path, { headers: { Accept: 'text/html' } })
      expect(response.status).toBe(404)
      expect(await response.text()).toContain('href="/"')
    }
  })

  test('each page has its own request id, which the log repeats', async () => {
    const id = (await app.fetch('/login')).headers.get('X-Request-Id')

    expect(id).toMatch(/^[0-9a-f-]{36}$/)
    await expect.poll(() => app.log()).toContain(id)
  })
})

describe('a built file', () => {
  test('a file with a hash in its name is cached forever', async () => {
    const html = await (await app.fetch('/login')).text()
    const script = /\/assets\/[\w.-]+\.js/.exec(html)?.[0] ?? ''
    const response = await app.fetch(script, { headers: { 'Accept-Encoding': 'br' } })

    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('public, max-age=31536000, immutable')
    expect(response.headers.get('Content-Encoding')).toBe('br')
    expect(response.headers.get('X-Content-Type-Options')).toBe('nosniff')
    expect(await response.text()).toContain('import')
  })

  test('a cached file is not sent again', async () => {
    const etag = (await app.fetch('/robots.txt')).headers.get('ETag') ?? ''

    expect((await app.fetch('/robots.txt', { headers: { 'If-None-Match': etag } })).status).toBe(304)
  })

  test.each([
    '/assets/../server/index.js',
    '/assets/%2e%2e/server/index.js',
    '/..%2fserver/index.js',
    '/.vite/manifest.json',
  ])('no other file is served: %s is not found', async (path) => {
    const answer = await app.sendRaw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1.1 404/)
  })
})

describe('forged request headers', () => {
  test('they get into no link, redirect or page (5.3)', async () => {
    const headers = {
      'X-Forwarded-Host': 'evil.example',
      'X-Forwarded-Proto': 'gopher',
      'X-Forwarded-Port': '666',
      Forwarded: 'host=evil.example',
    }
    for (const path of ['/', '/login', '/dashboard', '/reset-password?token=x']) {
      const response = await app.fetch(path, { headers })
      expect(response.status).toBeLessThan(400)
      expect(`${response.headers.get('Location')} ${await response.text()}`).not.toMatch(/evil|gopher|666/)
    }
  })

  test.each(['evil.example', 'evil.example:99999', 'a b', '[::1', ''])(
    'the Host %j does no harm (5.3)',
    async (host) => {
      const answer = await app.sendRaw(`GET /login HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)

      expect(answer).toMatch(/^HTTP\/1.1 (200|400)/)
      expect(answer).not.toContain('evil')
    },
  )

  test('an absolute address in the request line counts as its path alone', async () => {
    const answer = await app.sendRaw('GET http://evil.example/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')

    expect(answer).toMatch(/^HTTP\/1.1 (200|400)/)
    expect(answer).not.toContain('evil')
  })
})

describe('size limits', () => {
  test('a body that is too large is refused before it is read (5.9)', async () => {
    const response = await app.post('/login', { email: 'ada@example.com', password: 'x'.repeat(5_000_000) })

    expect(response.status).toBe(413)
  })

  test('a body of undeclared length is refused once the limit is reached', async () => {
    const body = new ReadableStream({
      start(controller) {
        for (let index = 0; index < 100; index++) controller.enqueue(new TextEncoder().encode('x'.repeat(1_000)))
        controller.close()
      },
    })
    const init = { method: 'POST', body, duplex: 'half', headers: { 'Content-Type': 'application/json' } }
    const response = await app.fetch('/api/credits/deduct', init as RequestInit)

    expect(response.status).toBe(413)
    expect(await errorOf(response)).toMatchObject({
      code: 'payload_too_large',
      message: expect.stringContaining('65536') as string,
    })
  })

  test('the webhook accepts larger bodies', async () => {
    const response = await app.fetch('/api/webhook', { method: 'POST', body: 'x'.repeat(500_000) })
    expect(response.status).toBe(400)
  })

  test('a query that is too long is refused', async () => {
    expect((await app.fetch(`/?${'q'.repeat(9_000)}`)).status).toBe(400)
  })

  test('many requests at once do not keep the probes waiting (5.9)', async () => {
    const logins = Array.from({ length: 50 }, (_, index) =>
      app.post('/login', { email: `nobody-${index}@example.com`, password: PASSWORD }),
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    const probe = app.fetch('/healthz').then(({ status }) => `probe: ${status}`)
    const crowd = Promise.all(logins).then((answers) => new Set(answers.map(({ status }) => status)))

    expect(await Promise.race([probe, crowd])).toBe('probe: 200')
    expect(await crowd).toEqual(new Set([401]))
  })
})

describe('the API over HTTP', () => {
  test.each([
    ['GET', '/api/credits/deduct', 405],
    ['POST', '/api/nothing', 404],
    ['GET', '/api', 404],
    ['POST', '/api/credits/deduct', 401],
    ['POST', '/api/credits/deduct?_data=x', 410],
  ])('%s %s answers %i in the API’s shape', async (method, path, status) => {
    const response = await app.fetch(path, { method })

    expect(response.status).toBe(status)
    expect(await errorOf(response)).toEqual({
      code: expect.any(String) as string,
      message: expect.any(String) as string,
    })
  })

  test('a cookie beside an API key does not count', async () => {
    const { cookie } = await app.signUp()
    const response = await app.fetch('/api/credits/deduct', {
      method: 'POST',
      body: '{"credits":1}',
      headers: { 'Content-Type': 'application/json', Authorization: 'Bearer sk_scrip_wrong', Cookie: cookie },
    })

    expect(response.status).toBe(401)
  })
})

describe('HTTP methods', () => {
  test('a HEAD is a GET without a body', async () => {
    const response = await app.fetch('/login', { method: 'HEAD' })

    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  test('OPTIONS allows nothing to other sites', async () => {
    const response = await app.fetch('/api/user', { method: 'OPTIONS', headers: { Origin: 'https://evil.example' } })

    expect(response.status).toBe(204)
    expect(response.headers.get('Access-Control-Allow-Origin')).toBeNull()
  })

  test('unknown methods are refused', async () => {
    const answer = await app.sendRaw('PROPFIND / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
    expect(answer).toMatch(/^HTTP\/1.1 405/)
  })
})

describe('the probes', () => {
  test('the probes report a live and ready process', async () => {
    expect(await (await app.fetch('/healthz')).json()).toEqual({ status: 'ok' })
    expect(await (await app.fetch('/readyz')).json()).toMatchObject({ status: 'ready', database: 'up' })
  })

  test('the metrics count requests by route and never by path', async () => {
    await app.fetch('/usage?secret=hunter2')
    const metrics = await (await app.fetch('/metrics')).text()

    expect(metrics).toMatch(/http_requests_total\{method="GET",route="\/usage",status="302"\} \d+/)
    expect(metrics).toContain('http_request_duration_seconds_bucket')
    expect(metrics).not.toContain('hunter2')
  })
})

describe('the log of all requests', () => {
  test('the log contains no secret and no personal data (6.10)', async () => {
    const { email, cookie } = await app.signUp()
    await app.post('/login', { email, password: 'hunter2-wrong' })
    await app.fetch('/reset-password?token=hunter2-token', { headers: { Cookie: cookie } })
    await app.fetch('/api/user', { headers: { Authorization: 'Bearer sk_scrip_hunter2' } })
    await expect.poll(() => app.log()).toContain('/reset-password')

    expect(app.log()).not.toMatch(/hunter2|@example\.com/)
    expect(app.log()).not.toContain(cookie.split('=')[1])
  })

  test('the log has no stack trace for clients that disconnect', async () => {
    for (let index = 0; index < 20; index++) {
      const controller = new AbortController()
      const request = app.fetch('/', { signal: controller.signal }).catch(() => undefined)
      setTimeout(() => controller.abort(), index % 5)
      await request
    }

    // Jobs log failures too, because there is no Stripe here.
    const failures = app
      .log()
      .split('\n')
      .filter((line) => line.includes('stack') && !line.includes('"job":'))
    expect(failures).toEqual([])
  })
})

describe('a page that refuses for a while', () => {
  test.each(['', '.data'])('too many log-ins at /login%s are refused with the waiting time', async (suffix) => {
    const email = `limit-${suffix.slice(1)}@example.com`
    let response = await app.post(`/login${suffix}`, { email, password: PASSWORD })
    for (let tries = 0; tries < 10; tries++) {
      response = await app.post(`/login${suffix}`, { email, password: PASSWORD })
    }

    expect(response.status).toBe(429)
    const seconds = Number(response.headers.get('Retry-After'))
    expect(seconds).toBeGreaterThan(800)
    expect(seconds).toBeLessThanOrEqual(900)
  })
})

test('a forwarded address without a proxy is logged once and not trusted', async () => {
  for (let index = 0; index < 3; index++) {
    await app.fetch('/login', { headers: { 'X-Forwarded-For': `203.0.113.${index}` } })
  }
  await expect.poll(() => app.log()).toContain('TRUST_PROXY is 0')
  expect(app.log().split('TRUST_PROXY is 0')).toHaveLength(2)
})
