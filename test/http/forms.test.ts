import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, type ServedApp, startServedApp } from './served-app.ts'

let app: ServedApp

beforeAll(async () => {
  app = await startServedApp()
})
afterAll(() => app?.stop())

const page = async (path: string, cookie: string) => (await app.fetch(path, { headers: { Cookie: cookie } })).text()

describe('signing up', () => {
  test('a sign-up without JavaScript logs in and returns to the previous page', async () => {
    const fields = { email: 'ada@example.com', password: PASSWORD, redirectTo: '/pricing?interval=year' }
    const response = await app.post('/signup', fields)

    expect(response.status).toBe(302)
    expect(response.headers.get('Location')).toBe('/pricing?interval=year')
  })

  test('a sign-up with mistakes names them and keeps the input, except the password', async () => {
    const response = await app.post('/signup', { email: 'ada@', password: 'short-1', name: 'Ada & <b>' })
    const html = await response.text()

    expect(response.status).toBe(400)
    expect(html).toContain('Enter an email like name@example.com.')
    expect(html).toContain('Use at least 8 characters.')
    expect(html).toContain('value="Ada &amp; &lt;b&gt;"')
    expect(html).not.toContain('short-1')
  })

  test.each(['email', 'password'])('an operator in %s is refused', async (field) => {
    const good: Record<string, string> = { email: 'eve@example.com', password: PASSWORD, name: 'Eve' }
    delete good[field]
    const response = await app.post('/signup', { ...good, [`${field}[$gt]`]: '', [`${field}.$gt`]: '' })

    expect(response.status).toBe(400)
  })

  test('an operator as the name counts as no name', async () => {
    const fields = { email: 'eve@example.com', password: PASSWORD, 'name[$gt]': 'x', 'name.$gt': 'x' }
    const response = await app.post('/signup', fields)
    const cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? ''

    const input = /<input[^>]*name="name"[^>]*>/.exec(await page('/settings', cookie))?.[0]

    expect(input).toBeDefined()
    expect(input).not.toMatch(/value="[^"]/)
  })

  test('a sign-up never creates an administrator', async () => {
    const extra = { roles: 'admin', 'roles[0]': 'admin', stripeCustomerId: 'cus_x', credits: '1000000' }
    const response = await app.post('/signup', { email: 'mallory@example.com', password: PASSWORD, ...extra })
    const cookie = response.headers.get('Set-Cookie')?.split(';')[0] ?? ''
    const answer = await (await app.fetch('/api/user', { headers: { Cookie: cookie } })).text()

    expect(answer).not.toMatch(/admin|cus_x|1000000/)
  })
})

describe('logging in', () => {
  test.each(['//evil.example', 'https://evil.example', '/\\evil.example', 'javascript:alert(1)'])(
    'a log-in never redirects to %s',
    async (redirectTo) => {
      const { email } = await app.signUp()
      const response = await app.post('/login', { email, password: PASSWORD, redirectTo })

      expect(response.headers.get('Location')).toBe('/dashboard')
    },
  )

  test('a log-in replaces the session of the request', async () => {
    const { email, cookie } = await app.signUp()
    const response = await app.post('/login', { email, password: PASSWORD }, { Cookie: cookie })
    const next = response.headers.get('Set-Cookie')?.split(';')[0] ?? ''

    expect(next).not.toBe(cookie)
    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(302)
    expect((await app.fetch('/settings', { headers: { Cookie: next } })).status).toBe(200)
  })

  test('a logged-in user is not shown the log-in', async () => {
    const { cookie } = await app.signUp()
    const response = await app.fetch('/login?redirectTo=%2Fbilling', { headers: { Cookie: cookie } })

    expect(response.headers.get('Location')).toBe('/billing')
  })
})

describe('logging out', () => {
  test('a GET asks for confirmation, so that no link and no prefetch logs out', async () => {
    const { cookie } = await app.signUp()

    expect(await page('/logout', cookie)).toContain('Log out?')
    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(200)
  })

  test('a log-out also ends copies of the cookie', async () => {
    const { cookie } = await app.signUp()
    await app.post('/logout', {}, { Cookie: cookie })

    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(302)
  })
})

describe('a forgotten password', () => {
  test('a password is reset by the link from the mail, and the secret leaves the address at once', async () => {
    const { email, cookie } = await app.signUp()
    await app.post('/forgot-password', { email })
    const link = await expect
      .poll(async () => linkFor(email))
      .toBeTruthy()
      .then(() => linkFor(email))

    const opened = await app.fetch(link ?? '')
    const reset = opened.headers.get('Set-Cookie')?.split(';')[0] ?? ''
    expect(opened.headers.get('Location')).toBe('/reset-password')

    const done = await app.post('/reset-password', { password: 'another short sentence' }, { Cookie: reset })
    expect(done.headers.get('Location')).toBe('/dashboard?done=password')
    const back = done.headers.get('Set-Cookie')?.split(';')[0] ?? ''
    expect(await page('/dashboard?done=password', back)).toContain('Your password is changed.')
    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(302)
    expect((await app.post('/login', { email, password: 'another short sentence' })).status).toBe(302)

    const again = await app.post('/reset-password', { password: 'a third short sentence' }, { Cookie: reset })
    expect(again.status).toBe(400)
    expect(await again.text()).toContain('This link no longer works.')
  })

  test('known and unknown addresses get the same answer', async () => {
    const { email } = await app.signUp()
    const known = await (await app.post('/forgot-password', { email })).text()
    const unknown = await (await app.post('/forgot-password', { email: 'nobody@example.com' })).text()
    const textOf = (html: string) => /<main[\s\S]*<\/main>/.exec(html)?.[0]

    expect(textOf(known)).toContain('If an account exists for that address')
    expect(textOf(unknown)).toBe(textOf(known))
  })

  async function linkFor(email: string): Promise<string | undefined> {
    const articles = (await page('/mailbox', '')).split('<article').filter((part) => part.includes(email))
    return /href="http:\/\/localhost:\d+(\/reset-password[^"]+)"/.exec(articles.join())?.[1]
  }
})

describe('a reset link', () => {
  const opened = (token: string) => app.fetch(`/reset-password?${new URLSearchParams({ token }).toString()}`)

  test.each([
    '',
    'x',
    'a'.repeat(4_000),
    `${'0'.repeat(24)}.short`,
    `${'0'.repeat(24)}.${'a'.repeat(43)}\n`,
    '<script>alert(1)</script>',
  ])('an invalid link leaves no cookie: %j', async (token) => {
    const response = await opened(token)

    expect(response.headers.get('Location')).toBe('/reset-password')
    expect(response.headers.get('Set-Cookie')).toBeNull()
  })

  test('a possibly valid link is kept until the form is sent', async () => {
    const response = await opened(`${'0'.repeat(24)}.${'a'.repeat(43)}`)

    expect(response.headers.get('Set-Cookie')).toMatch(/^scrip_reset=.+HttpOnly/)
  })
})

describe('settings', () => {
  test('the profile can be saved', async () => {
    const { cookie } = await app.signUp()
    const fields = { name: 'Grace', timeZone: 'Europe/Berlin', email: 'other@example.com', roles: 'admin' }
    const response = await app.post('/settings?index', fields, { Cookie: cookie })

    expect(response.status).toBe(200)
    const html = await page('/settings', cookie)
    expect(html).toContain('value="Grace"')
    expect(html).toMatch(/<option value="Europe\/Berlin" selected/)
    expect(html).not.toContain('other@example.com')
  })

  test('an invalid time zone is refused', async () => {
    const { cookie } = await app.signUp()
    const response = await app.post('/settings?index', { name: 'Grace', timeZone: 'Mars/Phobos' }, { Cookie: cookie })

    expect(response.status).toBe(400)
  })

  test('a password change keeps this session and ends the others', async () => {
    const { email, cookie } = await app.signUp()
    const fields = { currentPassword: PASSWORD, newPassword: 'another short sentence' }
    const response = await app.post('/settings/password', fields, { Cookie: cookie })
    const next = response.headers.get('Set-Cookie')?.split(';')[0] ?? ''

    expect(await page(response.headers.get('Location') ?? '', next)).toContain('Saved.')
    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(302)
    expect((await app.post('/login', { email, password: PASSWORD })).status).toBe(401)
  })

  test('a change with a wrong password is refused', async () => {
    const { cookie } = await app.signUp()
    const fields = { currentPassword: 'not the password', newPassword: 'another short sentence' }
    const response = await app.post('/settings/password', fields, { Cookie: cookie })

    expect(response.status).toBe(401)
    expect(await response.text()).toContain('That is not your current password.')
  })

  test('a new API key is shown once and works until it is revoked', async () => {
    const { cookie } = await app.signUp()
    const created = await (
      await app.post('/settings/api-keys', { intent: 'create', name: 'report' }, { Cookie: cookie })
    ).text()
    const key = /sk_scrip_[0-9a-f]{48}/.exec(created)?.[0] ?? ''
    const spend = async () => {
      const headers = { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json', 'Idempotency-Key': 'one' }
      return (await app.fetch('/api/credits/deduct', { method: 'POST', body: '{"credits":1}', headers })).status
    }
    const listed = await page('/settings/api-keys', cookie)
    const id = /name="id" value="([0-9a-f]{24})"/.exec(listed)?.[1] ?? ''

    expect(listed).not.toContain(key)
    expect(await spend()).toBe(200)
    await app.post('/settings/api-keys', { intent: 'revoke', id }, { Cookie: cookie })
    expect(await spend()).toBe(401)
  })

  test('the sessions are listed and one of them can be ended', async () => {
    const { email, cookie } = await app.signUp()
    const other = await app.post('/login', { email, password: PASSWORD }, { 'User-Agent': 'curl/8.5.0' })
    const otherCookie = other.headers.get('Set-Cookie')?.split(';')[0] ?? ''
    const listed = await page('/settings/sessions', cookie)
    const row = listed.split('<tr').find((part) => part.includes('curl')) ?? ''
    const id = /name="id" value="([0-9a-f]{24})"/.exec(row)?.[1] ?? ''
    const ended = await app.post('/settings/sessions', { id }, { Cookie: cookie })

    expect(listed.match(/This browser/g)).toHaveLength(1)
    expect(row).not.toContain('This browser')
    expect(await page(ended.headers.get('Location') ?? '', cookie)).toContain('That session is logged out.')
    expect((await app.fetch('/settings', { headers: { Cookie: otherCookie } })).status).toBe(302)
    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(200)
  })

  test('ending the current session in the list logs out', async () => {
    const { cookie } = await app.signUp()
    const id = /name="id" value="([0-9a-f]{24})"/.exec(await page('/settings/sessions', cookie))?.[1] ?? ''
    const ended = await app.post('/settings/sessions', { id }, { Cookie: cookie })

    expect(ended.headers.get('Location')).toBe('/login')
    expect((await app.fetch('/settings', { headers: { Cookie: cookie } })).status).toBe(302)
  })

  test('a log-out everywhere ends every session', async () => {
    const { email, cookie } = await app.signUp()
    const other = await app.post('/login', { email, password: PASSWORD })
    await app.post('/settings/sessions', {}, { Cookie: cookie })

    for (const one of [cookie, other.headers.get('Set-Cookie')?.split(';')[0] ?? '']) {
      expect((await app.fetch('/settings', { headers: { Cookie: one } })).status).toBe(302)
    }
  })
})
