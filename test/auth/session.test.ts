import { afterEach, describe, expect, test, vi } from 'vitest'
import { signOutEverywhere } from '#app/auth/change-password.server.ts'
import { cookieName } from '#app/auth/cookie-name.server.ts'
import { findUser, requireUser } from '#app/auth/require-user.server.ts'
import { endSession, endSessionById, listSessions, resetSessions, startSession } from '#app/auth/session.server.ts'
import { now, setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { CLIENT_ADDRESS_HEADER } from '#app/http/client-address.server.ts'
import { SessionModel } from '#models/session.server.ts'
import type { User } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { cookieOf, newUser, visit, visitAs } from './users.ts'

useDatabase()

const HOUR = 60 * 60 * 1_000
const DAY = 24 * HOUR
const start = now().getTime()
const later = (ms: number) => new Date(start + ms)
const anId = expect.stringMatching(/^[0-9a-f]{24}$/) as string
const aDate = expect.any(Date) as Date

function setEnvironment(values: Record<string, string>): void {
  for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value)
  resetConfig()
  resetSessions()
}

afterEach(() => {
  setNow(null)
  vi.unstubAllEnvs()
  resetConfig()
  resetSessions()
})

describe('a session', () => {
  test('a session identifies the logged-in user', async () => {
    const user = await newUser()
    const found = await findUser(await visitAs(user))

    expect(found?._id).toEqual(user._id)
    expect(found).not.toHaveProperty('passwordHash')
  })

  test('a missing, foreign or wrongly signed cookie gives no session', async () => {
    const cookie = (await visitAs(await newUser())).headers.get('Cookie') ?? ''

    expect(await findUser(visit('/dashboard'))).toBeNull()
    expect(await findUser(visit('/dashboard', 'other=1'))).toBeNull()
    expect(await findUser(visit('/dashboard', `${cookie.slice(0, -4)}AAAA`))).toBeNull()
  })

  test('only the hash of the session id is stored, so a database dump opens nothing (5.14)', async () => {
    const user = await newUser()
    const cookie = (await visitAs(user)).headers.get('Cookie') ?? ''
    const id = JSON.parse(atob(decodeURIComponent(cookie.split('=')[1] ?? '').split('.')[0] ?? '')) as string
    const record = await SessionModel.findOne({ userId: user._id }).lean()

    expect(id).toHaveLength(43)
    expect(record?._id).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(record)).not.toContain(id)
  })

  test('a session expires after 14 days without use', async () => {
    const request = await visitAs(await newUser())
    setNow(() => later(14 * DAY + HOUR))

    expect(await findUser(request)).toBeNull()
  })

  test('a session in use expires 30 days after the log-in', async () => {
    const request = await visitAs(await newUser())
    for (const day of [10, 20, 29]) {
      setNow(() => later(day * DAY))
      expect(await findUser(request)).not.toBeNull()
    }
    setNow(() => later(30 * DAY + HOUR))

    expect(await findUser(request)).toBeNull()
  })

  test('a session from before use was recorded stays valid, and its use is recorded from then on', async () => {
    const user = await newUser()
    const request = await visitAs(user)
    await SessionModel.collection.updateMany(
      { userId: user._id },
      { $unset: { lastSeenAt: '', browser: '', network: '' } },
    )
    expect(await listSessions(user, request)).toMatchObject([{ browser: 'Unknown browser', lastSeenAt: null }])

    expect(await findUser(request)).not.toBeNull()
    expect((await listSessions(user, request))[0]?.lastSeenAt).toBeInstanceOf(Date)
  })

  test('a session is written at most every five minutes', async () => {
    const user = await newUser()
    const request = await visitAs(user)
    const seenAt = async () => (await SessionModel.findOne({ userId: user._id }).lean())?.lastSeenAt
    const first = await seenAt()
    setNow(() => later(4 * 60_000))
    await findUser(request)
    expect(await seenAt()).toEqual(first)

    setNow(() => later(6 * 60_000))
    await findUser(request)
    expect((await seenAt())!.getTime()).toBeGreaterThan(first!.getTime())
  })

  test('the app checks the expiry itself and does not rely on the database’s (3.14)', async () => {
    const request = await visitAs(await newUser())
    const future = new Date(now().getTime() + 30 * 24 * 60 * 60 * 1_000 + 1_000)
    setNow(() => future)

    expect(await findUser(request)).toBeNull()
  })
})

describe('the list of sessions', () => {
  const FIREFOX = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0'
  const request = (userAgent: string, address: string) =>
    new Request('http://localhost:3000/login', {
      headers: { 'User-Agent': userAgent, [CLIENT_ADDRESS_HEADER]: address },
    })

  test('the list shows browser, network and time, marks the current session, and shows no secret', async () => {
    const user = await newUser()
    const here = visit('/', cookieOf(await startSession(request(FIREFOX, '198.51.100.7'), user)))
    await startSession(request('curl/8.5.0', '2001:db8:1:2:3::4'), user)
    const sessions = await listSessions(user, here)

    expect(sessions).toEqual(
      expect.arrayContaining([
        { id: anId, browser: 'Firefox on Windows', network: '198.51.100.7', lastSeenAt: aDate, isCurrent: true },
        { id: anId, browser: 'curl', network: '2001:db8:1:2::/64', lastSeenAt: aDate, isCurrent: false },
      ]),
    )
    const ids = (await SessionModel.find({ userId: user._id }).lean()).map(({ _id }) => _id)
    expect(ids.filter((id) => JSON.stringify(sessions).includes(id))).toEqual([])
  })

  test('the list leaves out expired sessions', async () => {
    const user = await newUser()
    await visitAs(user)
    setNow(() => later(20 * DAY))

    expect(await listSessions(user, await visitAs(user))).toHaveLength(1)
  })

  test('ending a session ends no other, and none of another user', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const [phone, laptop, other] = [await visitAs(ada), await visitAs(ada), await visitAs(bob)]
    const idOf = async (user: User, of: Request) =>
      (await listSessions(user, of)).find(({ isCurrent }) => isCurrent)?.id ?? ''
    await endSessionById(ada._id, await idOf(ada, phone))
    await endSessionById(ada._id, await idOf(bob, other))
    for (const junk of ['', 'x', '{"$gt":""}']) await endSessionById(ada._id, junk)

    expect(await findUser(phone)).toBeNull()
    expect(await findUser(laptop)).not.toBeNull()
    expect(await findUser(other)).not.toBeNull()
  })
})

describe('logging in', () => {
  test('a log-in creates a new session id and ends the one of the request, against fixation (5.14)', async () => {
    const [mallory, ada] = [await newUser(), await newUser()]
    const planted = await visitAs(mallory, '/login')
    const cookie = cookieOf(await startSession(planted, ada))

    expect(cookie).not.toBe(planted.headers.get('Cookie'))
    expect(await findUser(visit('/', planted.headers.get('Cookie') ?? ''))).toBeNull()
    expect((await findUser(visit('/', cookie)))?._id).toEqual(ada._id)
  })
})

describe('logging out', () => {
  test('a log-out also ends copies of the cookie (5.14)', async () => {
    const request = await visitAs(await newUser())
    const removal = await endSession(request)

    expect(removal).toMatch(/Max-Age=0|Expires=Thu, 01 Jan 1970/)
    expect(await findUser(request)).toBeNull()
  })

  test('a log-out everywhere ends every session of this user only', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const [phone, laptop, other] = [await visitAs(ada), await visitAs(ada), await visitAs(bob)]
    expect(await listSessions(ada, phone)).toHaveLength(2)

    await signOutEverywhere(ada._id)

    expect(await findUser(phone)).toBeNull()
    expect(await findUser(laptop)).toBeNull()
    expect(await findUser(other)).not.toBeNull()
  })

  test('a log-out everywhere also ends a session opened meanwhile', async () => {
    const before = await newUser()
    await signOutEverywhere(before._id)

    expect(await findUser(await visitAs(before))).toBeNull()
  })
})

describe('the cookie', () => {
  test('scripts and other sites cannot read the cookie', async () => {
    const setCookie = await startSession(visit('/login'), await newUser())

    expect(setCookie).toContain('HttpOnly')
    expect(setCookie).toContain('SameSite=Lax')
    expect(setCookie).toContain('Path=/')
    expect(setCookie).not.toContain('Secure')
  })

  test('the cookie is Secure and bound to the host on https (H48)', async () => {
    setEnvironment({ APP_URL: 'https://scrip.example' })
    const setCookie = await startSession(visit('/login'), await newUser())

    expect(setCookie).toMatch(/^__Host-scrip_session=/)
    expect(setCookie).toContain('Secure')
    expect(setCookie).not.toContain('Domain')
  })

  test('the cookie stays valid when a new secret is added, and ends when the old one is removed (5.14)', async () => {
    setEnvironment({ SESSION_SECRET: 'the-old-secret-of-the-sessions' })
    const request = await visitAs(await newUser())

    setEnvironment({ SESSION_SECRET: 'the-new-secret-of-the-sessions,the-old-secret-of-the-sessions' })
    expect(await findUser(request)).not.toBeNull()

    setEnvironment({ SESSION_SECRET: 'the-new-secret-of-the-sessions' })
    expect(await findUser(request)).toBeNull()
  })

  test('each local installation has its own cookie name, since cookies ignore ports', () => {
    setEnvironment({ SESSION_SECRET: 'of-one-installation' })
    const one = cookieName('session')
    setEnvironment({ SESSION_SECRET: 'of-the-other-installation' })

    expect(cookieName('session')).not.toBe(one)
  })
})

describe('requireUser', () => {
  const wayBackFrom = async (request: Request) => {
    const response = await requireUser(request).catch((thrown: unknown) => thrown as Response)
    const location = new URL((response as Response).headers.get('Location') ?? '', 'http://localhost:3000')
    expect(location.pathname).toBe('/login')
    return location.searchParams.get('redirectTo')
  }

  test.each([
    ['/billing', '/billing'],
    ['/usage?kind=spend&from=2026-01-01', '/usage?kind=spend&from=2026-01-01'],
    ['/usage.data?_routes=routes%2F_app.usage&kind=spend', '/usage?kind=spend'],
    ['/actions?index', '/actions'],
    ['//evil.example/x', '/dashboard'],
  ])('requireUser redirects %s to the log-in, which returns to %s', async (path, back) => {
    expect(await wayBackFrom(visit(path))).toBe(back)
  })

  test('a form post without a session returns to the page of the form', async () => {
    const headers = { Referer: 'http://localhost:3000/actions/qr-code?text=x' }

    expect(await wayBackFrom(new Request('http://localhost:3000/runs', { method: 'POST', headers }))).toBe(
      '/actions/qr-code?text=x',
    )
  })
})
