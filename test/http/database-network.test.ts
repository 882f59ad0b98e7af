import { createHmac, randomUUID } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { apiKeyFor, holdIdOf, resolveKey, WELCOME_KEY } from '#app/credits/keys.ts'
import { builtRoutes, PASSWORD } from './served-app.ts'
import { collection, useAppBehindProxy } from './watched-app.ts'

/*
 * One app process behind a network to the database that loses responses, so the app cannot know what was done.
 */

const { app, proxy } = useAppBehindProxy()

async function api(path: string, body: unknown, { cookie, key }: { cookie: string; key?: string }) {
  const headers: Record<string, string> = { 'Content-Type': 'application/json', Cookie: cookie }
  if (key) headers['Idempotency-Key'] = key
  const response = await app.fetch(path, { method: 'POST', body: JSON.stringify(body), headers })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const creditsOf = async (cookie: string) =>
  (await (await app.fetch('/api/user', { headers: { Cookie: cookie } })).json()) as { credits: number; held: number }

/** Loses the response to a write, and repeats the request as any client would. */
async function twice<T extends { status: number }>(words: string[], request: () => Promise<T>): Promise<T> {
  const isLost = proxy.loseAnswerTo(...words)
  const first = await request()
  expect(isLost(), `${words.join(' ')} was sent`).toBe(true)
  // On a replica set the driver retries by itself, and there is nothing to repeat.
  if (first.status < 400) return first
  expect(first.status).toBe(503)
  return request()
}

describe('a request repeated after its response was lost', () => {
  test.each([
    ['to the insert of the user', ['insert', 'users']],
    ['to the insert of the account', ['insert', 'credit_accounts', WELCOME_KEY]],
    ['to the insert of the session', ['insert', 'sessions']],
    ['to the count of attempts', ['rate_limits', 'signUp']],
  ])('a sign-up repeated after the response %s was lost logs in, with one account (3.4)', async (_, words) => {
    const email = `user-${randomUUID()}@example.com`
    const response = await twice(words, () => app.post('/signup', { email, password: PASSWORD, name: 'Ada' }))

    expect(response.status).toBe(302)
    expect(await collection('users').countDocuments({ email })).toBe(1)
    expect(await creditsOf(response.headers.get('Set-Cookie')?.split(';')[0] ?? '')).toMatchObject({ credits: 25 })
  })

  test('a spend repeated with its key charges once (3.4)', async () => {
    const { cookie } = await app.signUp()
    for (const credits of [3, 4]) {
      const key = randomUUID()
      const answer = await twice(['findAndModify', 'credit_accounts', apiKeyFor('spend', key)], () =>
        api('/api/credits/deduct', { credits }, { cookie, key }),
      )
      expect(answer).toMatchObject({ status: 200, body: { success: true } })
    }

    expect(await creditsOf(cookie)).toMatchObject({ credits: 18 })
  })

  test('a hold and its capture take effect once when repeated (3.4)', async () => {
    const { cookie } = await app.signUp()
    const key = randomUUID()
    const holdId = holdIdOf(apiKeyFor('hold', key))
    const words = ['findAndModify', 'credit_accounts']
    await twice([...words, apiKeyFor('hold', key)], () => api('/api/credits/holds', { credits: 10 }, { cookie, key }))
    expect(await creditsOf(cookie)).toMatchObject({ credits: 15, held: 10 })

    const captured = await twice([...words, resolveKey(holdId)], () =>
      api(`/api/credits/holds/${holdId}/capture`, { credits: 4 }, { cookie }),
    )
    expect(captured.status).toBe(200)
    expect(await creditsOf(cookie)).toMatchObject({ credits: 21, held: 0 })
  })

  test('an event repeated after a lost response is stored and acknowledged (3.4)', async () => {
    const id = `evt_${randomUUID()}`
    const payload = JSON.stringify({ id, object: 'event', type: 'product.created', created: 1, data: { object: {} } })
    const at = Math.floor(Date.now() / 1_000)
    const signature = createHmac('sha256', 'whsec_of_the_tests').update(`${at}.${payload}`).digest('hex')
    const headers = { 'Stripe-Signature': `t=${at},v1=${signature}` }
    const response = await twice(['webhook_events', id], () =>
      app.fetch('/api/webhook', { method: 'POST', body: payload, headers }),
    )

    expect(response.status).toBe(200)
    expect(await collection('webhook_events').findOne({ _id: id as never })).toMatchObject({ status: 'ignored' })
  })
})

test('a process whose database does not answer still answers, and nothing is lost or doubled (3.2, 3.13, 6.8)', async () => {
  const users = await Promise.all(Array.from({ length: 4 }, () => app.signUp()))
  const asks = users.flatMap(({ cookie }) => Array.from({ length: 20 }, (_, n) => ({ cookie, key: `stall-${n}` })))
  const spend = (ask: (typeof asks)[number]) => api('/api/credits/deduct', { credits: 1 }, ask)
  const visit = async (path: string) => (await app.fetch(path, { headers: { Cookie: users[0]!.cookie } })).status
  proxy.holdAnswers()
  const crowd = Promise.all([
    Promise.all(asks.map(spend)),
    // More than the connection pool has, so that some have to wait.
    Promise.all(Array.from({ length: 60 }, () => visit('/usage'))),
  ])

  expect(await Promise.race([visit('/healthz'), crowd])).toBe(200)
  expect(await Promise.race([visit('/metrics'), crowd])).toBe(200)
  const [spends, visits] = await crowd
  expect(new Set(spends.map(({ status }) => status))).toEqual(new Set([503]))
  expect(new Set(visits)).toEqual(new Set([503]))

  proxy.release()
  await expect.poll(() => visit('/usage'), { interval: 200 }).toBe(200)
  for (const { status } of await Promise.all(asks.map(spend))) expect(status).toBe(200)
  for (const { cookie } of users) expect(await creditsOf(cookie)).toMatchObject({ credits: 5 })
})

test('every page and resource says that the database is away, and none fails in another way (3.11)', async () => {
  const { cookie } = await app.signUp()
  await proxy.stop()
  const routes = builtRoutes().filter(({ hasLoader }) => hasLoader)
  const answers = await Promise.all(
    routes.map(async ({ id, path }) => {
      const response = await app.fetch(path, { headers: { Cookie: cookie, Accept: 'text/html' } })
      return { id, status: response.status, text: await response.text() }
    }),
  )

  const own = answers.filter(
    ({ id }) => id.startsWith('routes/_app.') || /^routes\/api\.(user|credits\.entries)/.test(id),
  )
  expect(own.length).toBeGreaterThan(15)
  expect(own.filter(({ status, text }) => status !== 503 || !/safe|try again/i.test(text)).map(({ id }) => id)).toEqual(
    [],
  )
  expect(answers.filter(({ status }) => status >= 500 && status !== 503).map(({ id }) => id)).toEqual([])
})
