import { describe, expect, test } from 'vitest'
import { getBalance } from '#app/credits/balance.server.ts'
import { action as capture, loader as captureLoader } from '#app/routes/api.credits.holds.$holdId.capture.ts'
import { action as release, loader as releaseLoader } from '#app/routes/api.credits.holds.$holdId.ts'
import { action as hold, loader as holdLoader } from '#app/routes/api.credits.holds.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, type Caller, errorOf, newCaller } from './caller.ts'

useDatabase()

interface HoldAnswer {
  hold: { id: string; credits: number; expiresAt: string }
  credits: number
}

const PATH = '/api/credits/holds'

const place = (caller: Caller, body: unknown) =>
  call(hold, PATH, { method: 'POST', body, headers: asKey(caller, 'hold') })

const captureOf = (caller: Caller, holdId: string, body: unknown) =>
  call(capture, `${PATH}/${holdId}/capture`, {
    method: 'POST',
    body,
    headers: asKey(caller),
    params: { holdId },
  })

const releaseOf = (caller: Caller, holdId: string) =>
  call(release, `${PATH}/${holdId}`, { method: 'DELETE', headers: asKey(caller), params: { holdId } })

async function placed(caller: Caller, credits: number): Promise<string> {
  const answer = await bodyOf<HoldAnswer>(await place(caller, { credits, action: 'render' }))
  return answer.hold.id
}

const balanceOf = async ({ user }: Caller) => {
  const { credits, held } = await getBalance(user._id)
  return { credits, held }
}

describe('POST /api/credits/holds', () => {
  test('a hold reserves credits and returns its expiry', async () => {
    const caller = await newCaller({ credits: 100 })

    const response = await place(caller, { credits: 30, ttlSeconds: 60 })

    expect(response.status).toBe(201)
    const body = await bodyOf<HoldAnswer>(response)
    expect(body).toMatchObject({ hold: { credits: 30 }, credits: 70 })
    const lives = new Date(body.hold.expiresAt).getTime() - Date.now()
    expect(lives).toBeGreaterThan(50_000)
    expect(lives).toBeLessThanOrEqual(60_000)
    expect(await balanceOf(caller)).toEqual({ credits: 70, held: 30 })
  })

  test('one key places one hold', async () => {
    const caller = await newCaller({ credits: 100 })
    const first = await bodyOf<HoldAnswer>(await place(caller, { credits: 30 }))

    const again = await place(caller, { credits: 30 })
    const other = await place(caller, { credits: 31 })

    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(await bodyOf<HoldAnswer>(again)).toMatchObject({ hold: { id: first.hold.id } })
    expect(other.status).toBe(409)
    expect(await balanceOf(caller)).toEqual({ credits: 70, held: 30 })
  })

  test.each([
    [{ credits: 0 }],
    [{ credits: -1 }],
    [{ credits: '5' }],
    [{ credits: { $gt: 0 } }],
    [{ credits: 5, ttlSeconds: 0 }],
    [{ credits: 5, ttlSeconds: 86_401 }],
    [{ credits: 5, ttlSeconds: 1.5 }],
    [{ credits: 5, userId: 'x' }],
    [{}],
  ])('%j is refused with 400 and holds nothing', async (body) => {
    const caller = await newCaller({ credits: 100 })

    const response = await place(caller, body)

    expect(response.status).toBe(400)
    expect(await balanceOf(caller)).toEqual({ credits: 100, held: 0 })
  })

  test('a hold above the balance is refused with 402 and the options', async () => {
    const caller = await newCaller({ credits: 5 })

    const response = await place(caller, { credits: 6 })

    expect(response.status).toBe(402)
    const error = await errorOf(response)
    expect(error).toMatchObject({ code: 'insufficient_credits', required: 6, available: 5 })
    expect(error['options']).not.toEqual([])
  })

  test('a caller with an API key has to send an idempotency key, a browser does not', async () => {
    const caller = await newCaller({ credits: 100 })

    const api = await call(hold, PATH, { method: 'POST', body: { credits: 1 }, headers: asKey(caller) })
    const browser = await call(hold, PATH, { method: 'POST', body: { credits: 1 }, headers: asBrowser(caller) })

    expect([api.status, browser.status]).toEqual([400, 201])
  })
})

describe('POST /api/credits/holds/:id/capture', () => {
  test('a capture keeps what was used and releases the rest', async () => {
    const caller = await newCaller({ credits: 100 })
    const holdId = await placed(caller, 30)

    const response = await captureOf(caller, holdId, { credits: 22 })

    expect(response.status).toBe(200)
    expect(await bodyOf(response)).toMatchObject({ success: true, captured: 22, released: 8, credits: 78 })
    expect(await balanceOf(caller)).toEqual({ credits: 78, held: 0 })
  })

  test('repeating a capture with the same number is a replay, and with another a conflict', async () => {
    const caller = await newCaller({ credits: 100 })
    const holdId = await placed(caller, 30)
    await captureOf(caller, holdId, { credits: 22 })

    const again = await captureOf(caller, holdId, { credits: 22 })
    const other = await captureOf(caller, holdId, { credits: 23 })

    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(other.status).toBe(409)
    expect(await errorOf(other)).toMatchObject({ code: 'hold_already_resolved', outcome: 'captured', captured: 22 })
    expect(await balanceOf(caller)).toEqual({ credits: 78, held: 0 })
  })

  test('a capture above the hold is refused and the hold stays', async () => {
    const caller = await newCaller({ credits: 100 })
    const holdId = await placed(caller, 30)

    const response = await captureOf(caller, holdId, { credits: 31 })

    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_credits' })
    expect(await balanceOf(caller)).toEqual({ credits: 70, held: 30 })
  })

  test('a capture of another user’s hold finds nothing', async () => {
    const [owner, stranger] = await Promise.all([newCaller({ credits: 100 }), newCaller({ credits: 100 })])
    const holdId = await placed(owner, 30)

    const response = await captureOf(stranger, holdId, { credits: 30 })

    expect(response.status).toBe(404)
    expect(await balanceOf(owner)).toEqual({ credits: 70, held: 30 })
  })
})

describe('DELETE /api/credits/holds/:id', () => {
  test('a release returns all credits once', async () => {
    const caller = await newCaller({ credits: 100 })
    const holdId = await placed(caller, 30)

    const first = await releaseOf(caller, holdId)
    const again = await releaseOf(caller, holdId)

    expect(await bodyOf(first)).toMatchObject({ success: true, released: 30, credits: 100 })
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(await balanceOf(caller)).toEqual({ credits: 100, held: 0 })
  })

  test('a release after a capture is a conflict', async () => {
    const caller = await newCaller({ credits: 100 })
    const holdId = await placed(caller, 30)
    await captureOf(caller, holdId, { credits: 30 })

    expect((await releaseOf(caller, holdId)).status).toBe(409)
    expect(await balanceOf(caller)).toEqual({ credits: 70, held: 0 })
  })

  test.each(['', 'hold_', 'hold_../../x', '$ne', 'hold_AAAAAAAAAAAAAAAAAAAAAA'])(
    'a release of the unknown hold %j finds nothing',
    async (holdId) => {
      const caller = await newCaller()

      const response = await releaseOf(caller, holdId)

      expect(response.status).toBe(404)
      expect(await errorOf(response)).toMatchObject({ code: 'hold_not_found' })
    },
  )
})

test('of a capture and a release at the same time only one takes effect', async () => {
  const caller = await newCaller({ credits: 100 })
  const holdId = await placed(caller, 30)

  const [captured, released] = await Promise.all([
    captureOf(caller, holdId, { credits: 30 }),
    releaseOf(caller, holdId),
  ])

  expect([captured.status, released.status].sort()).toEqual([200, 409])
  expect(await balanceOf(caller)).toEqual({ credits: captured.status === 200 ? 70 : 100, held: 0 })
})

test('every other method is refused with 405 and the list of allowed ones', async () => {
  const answers = await Promise.all([
    call(holdLoader, PATH),
    call(releaseLoader, `${PATH}/x`),
    call(release, `${PATH}/x`, { method: 'POST', body: {} }),
    call(captureLoader, `${PATH}/x/capture`),
    call(capture, `${PATH}/x/capture`, { method: 'PATCH', body: {} }),
  ])

  expect(answers.map(({ status }) => status)).toEqual([405, 405, 405, 405, 405])
  expect(answers.map(({ headers }) => headers.get('Allow'))).toEqual(['POST', 'DELETE', 'DELETE', 'POST', 'POST'])
})
