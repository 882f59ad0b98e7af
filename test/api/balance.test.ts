import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { action, loader } from '#app/routes/api.credits.balance.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, type Caller, errorOf, newCaller } from './caller.ts'

useDatabase()
afterEach(() => setNow(null))

const START = '2026-05-01T12:00:00.000Z'
const clockAt = (time: string) => setNow(() => new Date(time))

const balance = (caller: Caller, query = '') => call(loader, `/api/credits/balance${query}`, { headers: asKey(caller) })

describe('GET /api/credits/balance', () => {
  test('it is the balance now, with what holds set aside', async () => {
    clockAt(START)
    const caller = await newCaller({ credits: 100 })
    await placeHold({ accountId: caller.user._id, key: 'api:hold:1', credits: 30, action: 'render' })

    const response = await balance(caller)

    expect(response.status).toBe(200)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await bodyOf(response)).toEqual({ credits: 70, held: 30, at: START })
  })

  test('at a moment it is the balance as it was, and 0 before there was an account', async () => {
    clockAt(START)
    const caller = await newCaller({ credits: 100 })
    clockAt('2026-05-01T13:00:00Z')
    await placeHold({ accountId: caller.user._id, key: 'api:hold:1', credits: 30, action: 'render' })

    const at = async (time: string) => bodyOf(await balance(caller, `?at=${encodeURIComponent(time)}`))

    expect(await at('2026-05-01T11:59:59Z')).toEqual({ credits: 0, held: 0, at: '2026-05-01T11:59:59.000Z' })
    expect(await at('2026-05-01T14:30:00+02:00')).toEqual({ credits: 100, held: 0, at: '2026-05-01T12:30:00.000Z' })
    expect(await at('2026-05-01T13:00:00Z')).toEqual({ credits: 70, held: 30, at: '2026-05-01T13:00:00.000Z' })
  })

  test.each([
    '?at=2026-05-01T12:00:01Z',
    '?at=2026-05-01',
    '?at=2026-05-01T12:00:00',
    '?at=2026-05-01T14:00:00+02:00',
    '?at=yesterday',
    '?at=',
    '?at[$lt]=2026-05-01T12:00:00Z',
    '?to=2026-05-01T12:00:00Z',
  ])('%s is refused with 400: it is in the future or no moment', async (query) => {
    clockAt(START)
    const response = await balance(await newCaller(), query)

    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_request', field: expect.any(String) as string })
  })

  test('a session may ask too, nobody else, and by GET only', async () => {
    const caller = await newCaller({ credits: 5 })
    const asked = await call(loader, '/api/credits/balance', { headers: asBrowser(caller) })

    expect(await bodyOf(asked)).toMatchObject({ credits: 5, held: 0 })
    expect((await call(loader, '/api/credits/balance')).status).toBe(401)
    expect((await call(action, '/api/credits/balance', { method: 'POST', body: {} })).status).toBe(405)
  })
})
