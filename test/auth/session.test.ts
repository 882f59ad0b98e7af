import { afterEach, describe, expect, test } from 'vitest'
import { signOutEverywhere } from '#app/auth/change-password.server.ts'
import { cookieName } from '#app/auth/cookie-name.server.ts'
import { findUser, requireUser } from '#app/auth/require-user.server.ts'
import { countSessionsOf, endSession, resetSessions, startSession } from '#app/auth/session.server.ts'
import { now, setNow } from '#app/clock.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { SessionModel } from '#models/session.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { cookieOf, newUser, visit, visitAs } from './users.ts'

useDatabase()

const given = { ...process.env }

function setEnvironment(values: Record<string, string>): void {
  Object.assign(process.env, values)
  resetConfig()
  resetSessions()
}

afterEach(() => {
  setNow(null)
  process.env = { ...given }
  resetConfig()
  resetSessions()
})

describe('a session', () => {
  test('tells who is logged in', async () => {
    const user = await newUser()
    const found = await findUser(await visitAs(user))

    expect(found?._id).toEqual(user._id)
    expect(found).not.toHaveProperty('passwordHash')
  })

  test('is not there without a cookie, with a foreign one, or with one whose signature is not ours', async () => {
    const cookie = (await visitAs(await newUser())).headers.get('Cookie') ?? ''

    expect(await findUser(visit('/dashboard'))).toBeNull()
    expect(await findUser(visit('/dashboard', 'other=1'))).toBeNull()
    expect(await findUser(visit('/dashboard', `${cookie.slice(0, -4)}AAAA`))).toBeNull()
  })

  test('is stored by the hash of its id: what the database holds opens nothing (5.14)', async () => {
    const user = await newUser()
    const cookie = (await visitAs(user)).headers.get('Cookie') ?? ''
    const id = JSON.parse(atob(decodeURIComponent(cookie.split('=')[1] ?? '').split('.')[0] ?? '')) as string
    const record = await SessionModel.findOne({ userId: user._id }).lean()

    expect(id).toHaveLength(43)
    expect(record?._id).toMatch(/^[0-9a-f]{64}$/)
    expect(JSON.stringify(record)).not.toContain(id)
  })

  test('ends by time, by its own check and not by the database’s (3.14)', async () => {
    const request = await visitAs(await newUser())
    const future = new Date(now().getTime() + 30 * 24 * 60 * 60 * 1_000 + 1_000)
    setNow(() => future)

    expect(await findUser(request)).toBeNull()
  })
})

describe('logging in', () => {
  test('gives a new id and kills the one that came with the request: fixation (5.14)', async () => {
    const [mallory, ada] = [await newUser(), await newUser()]
    const planted = await visitAs(mallory, '/login')
    const cookie = cookieOf(await startSession(planted, ada))

    expect(cookie).not.toBe(planted.headers.get('Cookie'))
    expect(await findUser(visit('/', planted.headers.get('Cookie') ?? ''))).toBeNull()
    expect((await findUser(visit('/', cookie)))?._id).toEqual(ada._id)
  })
})

describe('logging out', () => {
  test('kills a copy of the cookie too (5.14)', async () => {
    const request = await visitAs(await newUser())
    const removal = await endSession(request)

    expect(removal).toMatch(/Max-Age=0|Expires=Thu, 01 Jan 1970/)
    expect(await findUser(request)).toBeNull()
  })

  test('everywhere ends every session of the user and nobody else’s', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const [phone, laptop, other] = [await visitAs(ada), await visitAs(ada), await visitAs(bob)]
    expect(await countSessionsOf(ada._id)).toBe(2)

    await signOutEverywhere(ada._id)

    expect(await findUser(phone)).toBeNull()
    expect(await findUser(laptop)).toBeNull()
    expect(await findUser(other)).not.toBeNull()
  })

  test('everywhere holds also for a session that was opened while it happened', async () => {
    const before = await newUser()
    await signOutEverywhere(before._id)

    expect(await findUser(await visitAs(before))).toBeNull()
  })
})

describe('the cookie', () => {
  test('is out of reach of scripts and other sites', async () => {
    const setCookie = await startSession(visit('/login'), await newUser())

    expect(setCookie).toContain('HttpOnly')
    expect(setCookie).toContain('SameSite=Lax')
    expect(setCookie).toContain('Path=/')
    expect(setCookie).not.toContain('Secure')
  })

  test('is Secure and bound to the host on https (H48)', async () => {
    setEnvironment({ APP_URL: 'https://scrip.example' })
    const setCookie = await startSession(visit('/login'), await newUser())

    expect(setCookie).toMatch(/^__Host-scrip_session=/)
    expect(setCookie).toContain('Secure')
    expect(setCookie).not.toContain('Domain')
  })

  test('survives a new secret in front of the old one, and dies with the old one (5.14)', async () => {
    setEnvironment({ SESSION_SECRET: 'the-old-secret-of-the-sessions' })
    const request = await visitAs(await newUser())

    setEnvironment({ SESSION_SECRET: 'the-new-secret-of-the-sessions,the-old-secret-of-the-sessions' })
    expect(await findUser(request)).not.toBeNull()

    setEnvironment({ SESSION_SECRET: 'the-new-secret-of-the-sessions' })
    expect(await findUser(request)).toBeNull()
  })

  test('has another name in another local installation: cookies do not know ports', () => {
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
  ])('sends %s to the log-in, and back to %s', async (path, back) => {
    expect(await wayBackFrom(visit(path))).toBe(back)
  })

  test('sends a form post back to the page that had the form', async () => {
    const headers = { Referer: 'http://localhost:3000/actions/qr-code?text=x' }

    expect(await wayBackFrom(new Request('http://localhost:3000/runs', { method: 'POST', headers }))).toBe(
      '/actions/qr-code?text=x',
    )
  })
})
