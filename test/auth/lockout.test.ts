import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { signOutEverywhere } from '#app/auth/change-password.server.ts'
import { cookieName } from '#app/auth/cookie-name.server.ts'
import { readDevice, rememberDevice } from '#app/auth/device.server.ts'
import { InvalidLogin } from '#app/auth/errors.ts'
import { logIn } from '#app/auth/log-in.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { RateLimited } from '#app/http/errors.ts'
import type { User } from '#models/user.server.ts'
import { RateLimitModel } from '#models/rate-limit.server.ts'
import { PASSWORD, type ServedApp, startServedApp } from '#test/http/served-app.ts'
import { useDatabase } from '#test/setup/database.ts'
import { cookieOf, newUser, visit } from './users.ts'

useDatabase()

const STRANGER = '203.0.113.66'
const HOME = '198.51.100.1'

const wrong = (email: string, address: string) => logIn({ email, password: 'not the password' }, address)
const pointsOf = async (key: string) => (await RateLimitModel.findOne({ key }).lean())?.points ?? 0

/** The device mark of a browser in which this user has logged in. */
async function deviceOf(user: User) {
  return readDevice(visit('/login', cookieOf(await rememberDevice(visit('/login'), user))))
}

/** Strangers in a hundred networks, each within the limit of its network. */
async function lockAccount(email: string): Promise<void> {
  await consumeAttempt('logInAccount', email, 100)
}

describe('a stranger who guesses at an account', () => {
  test('a guesser’s failures count against their own limit only, once that is used up', async () => {
    const { email } = await newUser()
    for (let round = 0; round < 30; round++) await wrong(email, STRANGER).catch(() => undefined)

    expect(await pointsOf(`logInAccount:${email}`)).toBe(10)
    expect(await pointsOf(`logInAddress:${STRANGER}`)).toBe(10)
  })

  test('a guesser elsewhere never locks the owner out, however long the guessing lasts', async () => {
    const { email } = await newUser()
    for (let round = 0; round < 150; round++) await wrong(email, STRANGER).catch(() => undefined)

    await expect(logIn({ email, password: PASSWORD }, HOME)).resolves.toBeDefined()
  })

  test('an attempt from a network over its limit does not count against the account', async () => {
    const { email } = await newUser()
    await consumeAttempt('logInAddress', '203.0.113.99', 10_000)

    await expect(wrong(email, '203.0.113.99')).rejects.toThrow(RateLimited)
    expect(await pointsOf(`logInAccount:${email}`)).toBe(0)
  })
})

describe('a device that the user has logged in from before', () => {
  test('a known device can log in even when strangers have used up the account’s attempts', async () => {
    const user = await newUser()
    const device = await deviceOf(user)
    await lockAccount(user.email)

    await expect(logIn({ email: user.email, password: PASSWORD }, HOME)).rejects.toThrow(RateLimited)
    await expect(logIn({ email: user.email, password: PASSWORD }, HOME, device)).resolves.toBeDefined()
  })

  test('a known device has ten attempts of its own', async () => {
    const user = await newUser()
    const device = await deviceOf(user)
    const guess = () => logIn({ email: user.email, password: 'not the password' }, HOME, device)
    for (let round = 0; round < 10; round++) await expect(guess()).rejects.toThrow(InvalidLogin)

    await expect(guess()).rejects.toThrow(RateLimited)
    expect(await pointsOf(`logInAccount:${user.email}`)).toBe(0)
  })

  test('a known device has no advantage on another account', async () => {
    const [mallory, victim] = [await newUser(), await newUser()]
    await lockAccount(victim.email)
    const device = await deviceOf(mallory)

    await expect(logIn({ email: victim.email, password: PASSWORD }, HOME, device)).rejects.toThrow(RateLimited)
  })

  test('the device mark ends when the user logs out everywhere or sets a new password', async () => {
    const user = await newUser()
    const device = await deviceOf(user)
    await signOutEverywhere(user._id)
    await lockAccount(user.email)

    await expect(logIn({ email: user.email, password: PASSWORD }, HOME, device)).rejects.toThrow(RateLimited)
  })

  test('a device mark cannot be forged, because its cookie is signed', async () => {
    const user = await newUser()
    const cookie = cookieOf(await rememberDevice(visit('/login'), user))

    expect(await readDevice(visit('/login', cookie))).toMatchObject({ userId: user._id.toHexString() })
    expect(await readDevice(visit('/login', `${cookie.slice(0, -4)}AAAA`))).toBeNull()
    expect(await readDevice(visit('/login', `${cookieName('device')}=x`))).toBeNull()
  })
})

describe('attempts over HTTP', () => {
  let app: ServedApp

  beforeAll(async () => {
    app = await startServedApp()
  }, 240_000)
  afterAll(() => app?.stop())

  test('a log-in sets the device mark in a cookie that scripts cannot read', async () => {
    const { email } = await app.signUp()
    const { headers } = await app.post('/login', { email, password: PASSWORD })
    const [session, device] = headers.getSetCookie()

    expect(session).toMatch(/^scrip_session_/)
    expect(device).toMatch(/^scrip_device_\w+=.*HttpOnly/)
    for (let round = 0; round < 10; round++) await app.post('/login', { email, password: 'wrong' })
    const again = (cookie: string) => app.post('/login', { email, password: PASSWORD }, { Cookie: cookie })

    expect((await again('')).status).toBe(429)
    expect((await again(cookieOf(device ?? ''))).status).toBe(302)
  })

  test('a reset request past the limit gets the usual answer and sends no mail', async () => {
    const { email } = await app.signUp()
    const ask = async () => {
      const response = await app.post('/forgot-password', { email })
      return `${response.status} ${/<main[\s\S]*<\/main>/.exec(await response.text())?.[0]}`
    }
    const answers = new Set<string>()
    for (let round = 0; round < 8; round++) answers.add(await ask())

    expect(answers.size).toBe(1)
    const mails = async () => {
      const page = await (await app.fetch('/mailbox')).text()
      // Up to each article's end: after the last one the page contains the data of all of them.
      const articles = page.match(/<article[\s\S]*?<\/article>/g) ?? []
      return articles.filter((part) => part.includes(email) && part.includes('/reset-password')).length
    }
    await expect.poll(mails).toBe(5)
  })
})
