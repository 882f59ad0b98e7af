import { randomUUID } from 'node:crypto'
import mongoose from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { PASSWORD, type ServedApp, startServedApp } from './served-app.ts'

const START_MS = 240_000
let app: ServedApp

const read = async (path: string, cookie = '') => (await app.fetch(path, { headers: { Cookie: cookie } })).text()
const mainOf = (html: string) => /<main[\s\S]*<\/main>/.exec(html)?.[0] ?? ''

/** Makes a user as stored before confirmation existed. */
async function makeOld(email: string): Promise<void> {
  const connection = await mongoose.createConnection(app.mongodbUri).asPromise()
  await connection.collection('users').updateOne({ email }, { $unset: { emailConfirmedAt: '' } })
  await connection.close()
}

/** The latest link for an address in the mailbox, once it has arrived. */
async function linkFor(email: string): Promise<string> {
  const find = async () => {
    const mails = (await read('/mailbox')).split('<article').filter((part) => part.includes(email))
    return mails.map((mail) => /href="http:\/\/localhost:\d+(\/verify-email[^"]+)"/.exec(mail)?.[1]).find(Boolean) ?? ''
  }
  await expect.poll(find, { timeout: 20_000, interval: 500 }).not.toBe('')
  return find()
}

const confirm = (link: string, cookie = '') =>
  app.post(
    '/verify-email',
    { intent: 'confirm', token: new URL(link, app.url).searchParams.get('token') ?? '' },
    { Cookie: cookie },
  )

describe('an installation that keeps mails for the mailbox page', () => {
  beforeAll(async () => {
    app = await startServedApp()
  }, START_MS)
  afterAll(() => app?.stop())

  test('a new user is logged in at once, sees a reminder until the address is confirmed, and can follow the link', async () => {
    const { email, cookie } = await app.signUp()
    const link = await linkFor(email)
    expect(await read('/dashboard', cookie)).toContain('Your email is not confirmed.')
    expect(await read('/settings', cookie)).toContain('Not confirmed')

    expect(mainOf(await read(link, cookie))).toContain('Confirm</')
    expect(await read('/settings', cookie)).toContain('Not confirmed')
    const done = await confirm(link, cookie)
    expect(mainOf(await read(done.headers.get('Location') ?? '', cookie))).toContain('Your email is confirmed')

    expect(await read('/dashboard', cookie)).not.toContain('Your email is not confirmed.')
    expect(await read('/settings', cookie)).toContain('Confirmed')
    expect(mainOf(await read(link, cookie))).toContain('Your email is confirmed')
  })

  test('the page offers another link and names the mailbox', async () => {
    const { email, cookie } = await app.signUp()
    const page = mainOf(await read('/verify-email', cookie))
    const sent = await (await app.post('/verify-email', { intent: 'resend' }, { Cookie: cookie })).text()

    expect(page).toContain(email)
    expect(page).toContain('href="/mailbox"')
    expect(sent).toContain('We sent another link.')
  })

  test('an expired or incomplete link says so', async () => {
    const response = await app.fetch('/verify-email?token=x')

    expect(response.status).toBe(400)
    expect(await response.text()).toContain('This link does not work')
  })

  test('a known address is an error in the form', async () => {
    const { email } = await app.signUp()

    expect((await app.post('/signup', { email, password: 'another password' })).status).toBe(409)
  })
})

describe('an installation that requires confirmed addresses', () => {
  beforeAll(async () => {
    app = await startServedApp({ REQUIRE_CONFIRMED_EMAIL: 'true' })
  }, START_MS)
  afterAll(() => app?.stop())

  const signUp = (email: string, password = PASSWORD) =>
    app.post('/signup', { email, password, redirectTo: '/pricing' })

  test('sign-up answers the same for new and known addresses, and logs nobody in', async () => {
    const { email } = await app.signUp()
    const answers = await Promise.all([
      signUp(`${randomUUID()}@example.com`),
      signUp(email),
      signUp(email, 'not the password'),
    ])
    const seen = answers.map(({ status, headers }) => [status, headers.get('Location'), headers.getSetCookie()])

    expect(new Set(seen.map((answer) => JSON.stringify(answer)))).toEqual(
      new Set([JSON.stringify([302, '/verify-email?redirectTo=%2Fpricing', []])]),
    )
  })

  test('a new user can log in after using the link, and the link itself logs nobody in', async () => {
    const email = `${randomUUID()}@example.com`
    const next = (await signUp(email)).headers.get('Location') ?? ''
    expect(mainOf(await read(next))).toContain('Check your email')
    expect((await app.post('/login', { email, password: PASSWORD })).status).toBe(401)

    const done = await confirm(await linkFor(email))
    expect(done.headers.getSetCookie()).toEqual([])
    expect(mainOf(await read(done.headers.get('Location') ?? ''))).toContain('href="/login"')
    expect((await app.post('/login', { email, password: PASSWORD })).status).toBe(302)
  })

  test('another link is promised to every address alike', async () => {
    const known = `${randomUUID()}@example.com`
    await signUp(known)
    const ask = async (email: string) =>
      mainOf(await (await app.post('/verify-email', { intent: 'resend', email })).text())

    expect(await ask(known)).toContain('If an account with that address needs to be confirmed')
    expect(await ask(`${randomUUID()}@example.com`)).toBe(await ask(known))
  })

  test('an unconfirmed user who buys or creates an API key is sent to the confirmation and back', async () => {
    const { email, cookie } = await app.signUp()
    await makeOld(email)
    const plan = { plan: 'Daily', interval: 'month', nonce: randomUUID() }
    const bought = await app.post('/pricing', plan, { Cookie: cookie })
    const pack = await app.post('/billing', { intent: 'pack', pack: '500', nonce: randomUUID() }, { Cookie: cookie })
    const key = await app.post('/settings/api-keys', { intent: 'create', name: 'report' }, { Cookie: cookie })
    const json = await app.fetch('/api/checkout', {
      method: 'POST',
      body: JSON.stringify({ pack: '500' }),
      headers: { Cookie: cookie, 'Content-Type': 'application/json' },
    })

    expect(bought.headers.get('Location')).toBe(
      `/verify-email?${new URLSearchParams({ redirectTo: '/pricing?plan=Daily&interval=month' }).toString()}`,
    )
    expect(pack.headers.get('Location')).toBe('/verify-email?redirectTo=%2Fbilling%23packs')
    expect(key.status).toBe(403)
    expect(await key.text()).toContain('href="/verify-email?redirectTo=%2Fsettings%2Fapi-keys"')
    expect(json.status).toBe(403)

    await app.post('/verify-email', { intent: 'resend' }, { Cookie: cookie })
    await confirm(await linkFor(email), cookie)
    const back = await app.fetch('/verify-email?redirectTo=%2Fsettings%2Fapi-keys', { headers: { Cookie: cookie } })
    expect(back.headers.get('Location')).toBe('/settings/api-keys')
  })
})
