import { describe, expect, test } from 'vitest'
import { grantCredits } from '#app/credits/grant.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asKey, bodyOf, errorOf, newCaller } from './caller.ts'
import { deduct, standingOf } from './deduct.ts'

useDatabase()

describe('the idempotency key', () => {
  test('an idempotency key is required from callers with an API key (H49)', async () => {
    const caller = await newCaller({ credits: 100 })

    const response = await deduct({ credits: 10 }, asKey(caller))

    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'idempotency_key_required' })
    expect(await standingOf(caller)).toMatchObject({ credits: 100 })
  })

  test.each([[''], ['a b'], ['x'.repeat(256)], ['schlüssel']])(
    'the malformed idempotency key %j is refused',
    async (key) => {
      const caller = await newCaller()

      const response = await deduct({ credits: 10 }, asKey(caller, key))

      expect(response.status).toBe(400)
      expect(await errorOf(response)).toMatchObject({ code: 'invalid_idempotency_key' })
    },
  )

  test('an idempotency key may have 255 characters', async () => {
    const caller = await newCaller({ credits: 100 })

    expect((await deduct({ credits: 10 }, asKey(caller, 'x'.repeat(255)))).status).toBe(200)
  })

  test('a replay charges nothing, is marked as a replay, and returns the same entry and the current balance (H49)', async () => {
    const caller = await newCaller({ credits: 100 })
    const first = await bodyOf(await deduct({ credits: 10 }, asKey(caller, 'same')))
    await deduct({ credits: 1 }, asKey(caller, 'another'))

    const again = await deduct({ credits: 10 }, asKey(caller, 'same'))

    expect(again.status).toBe(200)
    expect(again.headers.get('Idempotent-Replayed')).toBe('true')
    expect(await bodyOf(again)).toEqual({ success: true, credits: 89, entryId: first['entryId'] })
  })

  test('twenty requests at once with one key are charged once', async () => {
    const caller = await newCaller({ credits: 100 })

    const responses = await Promise.all(
      Array.from({ length: 20 }, () => deduct({ credits: 10 }, asKey(caller, 'at-once'))),
    )

    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]))
    expect(await standingOf(caller)).toMatchObject({ credits: 90 })
  })

  test('one key with another amount or action is a conflict', async () => {
    const caller = await newCaller({ credits: 100 })
    await deduct({ credits: 10, action: 'a' }, asKey(caller, 'same'))

    const amount = await deduct({ credits: 11, action: 'a' }, asKey(caller, 'same'))
    const name = await deduct({ credits: 10, action: 'b' }, asKey(caller, 'same'))

    expect([amount.status, name.status]).toEqual([409, 409])
    expect(await errorOf(amount)).toMatchObject({ code: 'idempotency_conflict' })
    expect(await standingOf(caller)).toMatchObject({ credits: 90 })
  })

  test('the same idempotency key on two accounts is two requests', async () => {
    const [one, other] = await Promise.all([newCaller({ credits: 20 }), newCaller({ credits: 20 })])

    await deduct({ credits: 10 }, asKey(one, 'same'))
    const response = await deduct({ credits: 5 }, asKey(other, 'same'))

    expect(await bodyOf(response)).toMatchObject({ credits: 15 })
  })

  test.each(['stripe:invoice:in_1', 'sys:expire:g:1:0', 'sys:welcome', 'api:spend:x'])(
    'the idempotency key %s cannot collide with a key of the system (H4)',
    async (key) => {
      const caller = await newCaller({ credits: 100 })

      await deduct({ credits: 1 }, asKey(caller, key))

      const { entries } = await listEntries(caller.user._id)
      expect(entries[0]?.key).toMatch(/^api:spend:[0-9a-f]{64}$/)
    },
  )

  test('a refused request succeeds with the same key once there are enough credits (H49)', async () => {
    const caller = await newCaller({ credits: 0 })

    const refused = await deduct({ credits: 10 }, asKey(caller, 'again'))
    await grantCredits(caller.user._id, [
      { key: 'stripe:payment:pi_later', credits: 10, source: { type: 'payment', id: 'pi_later' } },
    ])
    const granted = await deduct({ credits: 10 }, asKey(caller, 'again'))

    expect([refused.status, granted.status]).toEqual([402, 200])
  })
})
