import { describe, expect, test } from 'vitest'
import { describeError, redact } from '#app/log.server.ts'
import { builtRoutes, PASSWORD } from './served-app.ts'
import { newCustomer } from './a-customer.ts'
import { collection, useAppBehindProxy } from './watched-app.ts'

/** Part of every secret in this test, so that one search finds all of them. */
const MARK = 'hunter2secret'
const SECRETS = {
  SESSION_SECRET: `${MARK} of the sessions`,
  STRIPE_SECRET_KEY: `sk_test_${MARK}`,
  STRIPE_WEBHOOK_SECRET: `whsec_${MARK}`,
  SMTP_URL: `smtp://${MARK}:${MARK}@127.0.0.1:1`,
}
const { app, proxy } = useAppBehindProxy({ ...SECRETS, LOG_LEVEL: 'trace' })

describe('the content of pages', () => {
  test('no page and no data behind it contains a hash, a secret, or anything of another customer (5.6)', async () => {
    const [reader, other] = [await newCustomer(app), await newCustomer(app)]
    for (const { email, cookie } of [reader, other]) {
      await app.post('/settings/api-keys', { intent: 'create', name: 'a key' }, { Cookie: cookie })
      await app.post('/forgot-password', { email })
      const headers = { Cookie: cookie, 'Content-Type': 'application/json' }
      await app.fetch('/api/credits/deduct', { method: 'POST', body: '{"credits":1}', headers })
      await app.fetch('/api/credits/holds', { method: 'POST', body: '{"credits":1}', headers })
    }
    const secrets = new Map<string, string>(Object.entries(SECRETS).map(([what, secret]) => [secret, what]))
    for (const user of await collection('users').find().toArray()) {
      secrets.set(String(user.passwordHash), 'a password’s hash')
      secrets.set(String((user.passwordReset as { hash: string }).hash), 'a reset link’s hash')
    }
    for (const { hash } of await collection('api_keys').find().toArray()) secrets.set(String(hash), 'a key’s hash')
    for (const { _id } of await collection('sessions').find().toArray()) secrets.set(String(_id), 'a session')
    for (const trace of other.traces) secrets.set(trace, 'somebody else’s')
    secrets.set(other.cookie.split('=')[1]!, 'somebody else’s cookie')
    expect(secrets.size).toBeGreaterThan(15)

    const found: string[] = []
    let pages = 0
    for (const { id, path, hasLoader, hasPage } of builtRoutes()) {
      if (!hasLoader) continue
      const addresses = hasPage ? [path, `${path === '/' ? '/_root' : path}.data`] : [path]
      for (const address of [...addresses, ...(id.endsWith('entries') ? [`${path}?format=csv`] : [])]) {
        const response = await app.fetch(address, { headers: { Cookie: reader.cookie } })
        const text = await response.text()
        if (response.status === 200 && hasPage) pages++
        for (const [secret, what] of secrets) if (text.includes(secret)) found.push(`${address}: ${what}`)
        if (/passwordHash|argon2|sessionEpoch|apiKeyEpoch|passwordReset/.test(text))
          found.push(`${address}: a private field`)
      }
    }
    expect(found).toEqual([])
    expect(pages).toBeGreaterThan(25)
  })
})

describe('the content of the log', () => {
  test('no failure writes a secret, a password, a body or an address to the log (6.10)', async () => {
    const lines = new Set<string>()
    const note = () =>
      app
        .log()
        .split('\n')
        .forEach((line) => lines.add(line))
    const { email, cookie } = await newCustomer(app)
    const own = { Cookie: cookie, 'Content-Type': 'application/json' }
    const failAll = async () => {
      await app.post('/login', { email, password: MARK })
      await app.post('/signup', { email, password: `${MARK} ${MARK}`, name: MARK })
      await app.post('/signup', { email: `${MARK}@@example.com`, password: MARK, name: MARK })
      await app.post('/forgot-password', { email })
      await app.fetch(`/reset-password?token=${'0'.repeat(24)}.${MARK}`)
      await app.fetch(`/unsubscribe?token=${MARK}`)
      await app.post('/reset-password', { password: `${MARK} ${MARK}` }, { Cookie: `scrip_reset=${MARK}` })
      await app.post(
        '/settings/password',
        { currentPassword: MARK, newPassword: `${MARK} ${MARK}` },
        { Cookie: cookie },
      )
      await app.post('/settings/api-keys', { intent: 'create', name: MARK }, { Cookie: cookie })
      await app.post('/settings/api-keys', { intent: 'revoke', id: MARK }, { Cookie: cookie })
      await app.post('/support', { subject: MARK, question: `${MARK} ${MARK}` }, { Cookie: cookie })
      await app.post('/billing', { intent: 'portal' }, { Cookie: cookie })
      await app.fetch('/api/user', { headers: { Authorization: `Bearer sk_scrip_${MARK}` } })
      await app.fetch('/api/credits/deduct', { method: 'POST', body: `{"${MARK}`, headers: own })
      const metadata = JSON.stringify({ credits: 1, metadata: { note: MARK }, [MARK]: 1 })
      await app.fetch('/api/credits/deduct', { method: 'POST', body: metadata, headers: own })
      await app.fetch('/api/webhook', { method: 'POST', body: MARK, headers: { 'Stripe-Signature': `t=1,v1=${MARK}` } })
      await app.fetch(`/nothing/${MARK}?${MARK}`, {
        method: 'DELETE',
        headers: { Cookie: `x=${MARK}`, 'X-Forwarded-For': MARK },
      })
      await app.sendRaw(`GET /${MARK} HTTP/1.1\r\nHost: ${MARK} x\r\nConnection: close\r\n\r\n`)
      await app.sendRaw(`${MARK}\r\n\r\n`)
      note()
    }
    await failAll()
    // The mail is sent after the response.
    await expect.poll(() => (note(), [...lines].join('\n'))).toContain('mail')
    const isLost = proxy.loseAnswerTo('find', 'users')
    await failAll()
    expect(isLost()).toBe(true)
    await proxy.stop()
    await failAll()

    const log = [...lines].join('\n')
    expect(log).toContain('"level":50')
    expect(log).not.toContain(MARK)
    expect(log).not.toMatch(/@example\.com|argon2/)
    expect(log).not.toContain(PASSWORD)
    expect(log).not.toContain(cookie.split('=')[1])
  })

  test('an error is logged with its message and codes, not with what libraries attach to it (6.10)', () => {
    const cause = Object.assign(new Error('the cause'), { config: { password: MARK }, code: 'ECONNREFUSED' })
    const error = Object.assign(new Error('it failed', { cause }), {
      statusCode: 402,
      headers: { authorization: MARK },
      raw: { param: MARK },
      writeErrors: [{ op: { name: MARK } }],
      errInfo: { details: MARK },
      keyValue: { email: MARK },
    })

    expect(describeError(error)).toMatchObject({
      type: 'Error',
      message: 'it failed',
      stack: expect.stringContaining('secrets.test.ts') as string,
      statusCode: 402,
      cause: { message: 'the cause', code: 'ECONNREFUSED' },
    })
    expect(JSON.stringify(describeError(error))).not.toContain(MARK)
    expect(describeError('thrown as a text')).toMatchObject({ message: 'thrown as a text' })
    expect(JSON.stringify(describeError({ body: MARK }))).not.toContain(MARK)
  })

  test('the log recognizes a reset link by its shape (6.10)', () => {
    expect(redact(`No route matches /reset-password?token=${'a1'.repeat(12)}.${'b'.repeat(43)}`)).toBe(
      'No route matches /reset-password?token=[token]',
    )
  })
})
