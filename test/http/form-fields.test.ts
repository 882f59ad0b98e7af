import { parseWithZod } from '@conform-to/zod/v4'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { z } from 'zod'
import { readFormData } from '#app/http/read-form-data.server.ts'
import { ensureBuilt } from '../../scripts/local/build.mjs'
import { builtRoutes, PASSWORD, type ServedApp, startServedApp } from './served-app.ts'

const MAX_REPLY_BYTES = 400_000

await ensureBuilt()

/** Bodies that exploit how form libraries, prototypes or lists are parsed. */
const HOSTILE: Record<string, string> = {
  'an index': 'a[100000000]=1',
  'nested indexes': 'a[9999999][9999999][9999999]=1&a[9999999].b[9999999]=1',
  'an index of its own field': 'email[100000000]=1&name[100000000]=1&subject[100000000]=1&intent[100000000]=1',
  'an intent with an index': form({
    __intent__: JSON.stringify({ type: 'update', payload: { name: 'email', index: 100_000_000, value: 'x' } }),
  }),
  'an intent on a list': form({ __intent__: JSON.stringify({ type: 'insert', payload: { name: 'email', index: 1 } }) }),
  'an intent that is no JSON': form({ __intent__: '{' }),
  'an intent of nothing': form({ __intent__: 'null' }),
  'a state that is no JSON': form({ __state__: '{' }),
  'two states': '__state__=a&__state__=b&__intent__=a&__intent__=b',
  'names of the prototype': '__proto__=1&constructor=1&toString=1&hasOwnProperty=1&valueOf=1&__proto__[x]=1',
  'thousands of names': Array.from({ length: 9_000 }, (_, index) => `n${index}=`).join('&'),
  'thousands of values': Array.from({ length: 8_000 }, () => 'email=x').join('&'),
  'a deep path': `a${'[b]'.repeat(9_000)}=1&a${'.b'.repeat(15_000)}=1`,
  'an empty name': '=1&[]=1&.=1&[0]=1',
}

function form(fields: Record<string, string>): string {
  return new URLSearchParams(fields).toString()
}

const read = (body: string | FormData) =>
  readFormData(
    new Request('http://scrip.invalid/', {
      method: 'POST',
      body: typeof body === 'string' ? new URLSearchParams(body) : body,
    }),
  )

describe('readFormData', () => {
  test('names that are no plain field name are dropped, and the others stay as sent', async () => {
    const names = ['a[0]', 'a[]', 'a.b', '[0]', '', '__intent__', '__state__', '__proto__', 'constructor', 'toString']
    const plain = ['email', 'newPassword', 'redirectTo', 'time-zone', 'line_2']
    const kept = await read(form(Object.fromEntries([...names, ...plain].map((name) => [name, 'x']))))

    expect([...kept.keys()]).toEqual(plain)
  })

  test('such names are dropped from a multipart form as well', async () => {
    const body = new FormData()
    body.append('a[100000000]', 'x')
    body.append('email', 'ada@example.com')

    expect([...(await read(body))]).toEqual([['email', 'ada@example.com']])
  })

  test('the number of names and values is bounded', async () => {
    const kept = [...(await read(`${HOSTILE['thousands of names']}&${HOSTILE['thousands of values']}`))]

    expect(kept).toHaveLength(100)
    expect([...(await read(HOSTILE['thousands of values'] ?? ''))]).toHaveLength(2)
  })

  test('a second value of a field is left to the schema, which refuses it', async () => {
    const submission = parseWithZod(await read('email=a&email=b'), { schema: z.object({ email: z.string() }) })

    expect(submission.status).toBe('error')
  })
})

describe('a form with hostile content', () => {
  let app: ServedApp
  let cookie: string

  beforeAll(async () => {
    app = await startServedApp()
    cookie = (await app.signUp()).cookie
  })
  afterAll(() => app?.stop())

  const routes = [...new Set(builtRoutes().flatMap(({ hasAction, path }) => (hasAction ? [path] : [])))]
  // These end the session that the other cases need.
  const paths = routes.filter((path) => !['/logout', '/settings/sessions'].includes(path))

  test.each(paths)('%s answers briefly and never fails', async (path) => {
    const answers: Record<string, string> = {}
    for (const [what, body] of Object.entries(HOSTILE)) {
      const actionPath = path.replace('/actions/x', '/actions/qr-code')
      const response = await app.fetch(actionPath, {
        method: 'POST',
        body,
        headers: { 'Content-Type': 'application/x-www-form-urlencoded', Cookie: cookie },
      })
      const { length } = await response.text()
      if (response.status >= 500 || length > MAX_REPLY_BYTES) answers[what] = `${response.status}, ${length} bytes`
    }
    expect(answers).toEqual({})
  })

  test.each(['/login', '/signup', '/forgot-password', '/reset-password'])(
    '%s accepts a valid form and ignores hostile fields, also as data',
    async (path) => {
      const good = { email: `${path.slice(1)}@example.com`, password: PASSWORD }
      const plain = await app.post(path, good)
      const junk = { ...good, email: `other-${good.email}`, __intent__: '{', 'a[100000000]': '1', toString: '1' }
      const response = await app.post(path, junk)
      const asData = await app.post(`${path}.data`, { ...junk, email: `data-${good.email}` })

      expect(response.status).toBe(plain.status)
      expect(asData.status).toBeLessThan(500)
      expect((await asData.text()).length).toBeLessThan(MAX_REPLY_BYTES)
    },
  )

  test.each(['/api/checkout', '/api/credits/deduct', '/api/credits/holds'])(
    '%s refuses JSON of any depth or width',
    async (path) => {
      const bodies = [
        '{'.repeat(60_000),
        `${'['.repeat(30_000)}${']'.repeat(30_000)}`,
        `{"credits":1,"metadata":${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}}`,
        `{"credits":1,"plan":"Daily","interval":"month","__proto__":{"a":1},"constructor":{"b":1}}`,
        `{${Array.from({ length: 5_000 }, (_, index) => `"n${index}":1`).join(',')}}`,
        'null',
      ]
      for (const [index, body] of bodies.entries()) {
        const headers = { 'Content-Type': 'application/json', Cookie: cookie, 'Idempotency-Key': `depth-${index}` }
        const response = await app.fetch(path, { method: 'POST', body, headers })

        expect(response.status).toBe(400)
        expect((await response.text()).length).toBeLessThan(1_000)
      }
    },
  )

  const pages = [...new Set(builtRoutes().flatMap(({ path, hasLoader }) => (hasLoader ? [path] : [])))]

  test.each(pages)('%s reads a query of odd names without failing', async (path) => {
    const query = [
      HOSTILE['an index'],
      HOSTILE['names of the prototype'],
      'plan=a&plan=b&limit[]=1&before=x&to=x&redirectTo[0]=x&from[100000000]=1&toString=1&run=x&run=y&token[]=x',
      Array.from({ length: 300 }, (_, index) => `n${index}=`).join('&'),
    ].join('&')
    const response = await app.fetch(`${path}?${query}`, { headers: { Cookie: cookie } })

    // 503 is the answer of a page without Stripe, as in this test.
    expect([200, 302, 303, 400, 404, 405, 503]).toContain(response.status)
  })

  test('the process is still the same one afterwards', async () => {
    expect((await app.fetch('/healthz')).status).toBe(200)
  })
})
