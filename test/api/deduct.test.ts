import { describe, expect, test } from 'vitest'
import { getBalance } from '#app/credits/balance.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { action, loader } from '#app/routes/api.credits.deduct.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, bodyOf, call, errorOf, newCaller } from './caller.ts'
import { DEDUCT, deduct, standingOf } from './deduct.ts'

useDatabase()

describe('POST /api/credits/deduct', () => {
  test('a deduction spends credits, returns the balance, and writes one entry', async () => {
    const caller = await newCaller({ credits: 100 })

    const response = await deduct({ credits: 10, action: 'translate', metadata: { page: '3' } }, asKey(caller, 'one'))

    expect(response.status).toBe(200)
    expect(response.headers.get('Idempotent-Replayed')).toBeNull()
    expect(response.headers.get('Cache-Control')).toBe('no-store')
    const { entries } = await listEntries(caller.user._id)
    expect(await bodyOf(response)).toEqual({ success: true, credits: 90, entryId: entries[0]?._id })
    expect(entries[0]).toMatchObject({ kind: 'spend', amount: -10, action: 'translate', metadata: { page: '3' } })
  })

  test('a session needs no key, and then every request is a new deduction', async () => {
    const caller = await newCaller({ credits: 100 })

    await deduct({ credits: 10 }, asBrowser(caller))
    const second = await deduct({ credits: 10 }, asBrowser(caller))

    expect(await bodyOf(second)).toMatchObject({ success: true, credits: 80 })
  })

  test.each([
    ['a negative number', { credits: -5 }],
    ['a fraction', { credits: 0.5 }],
    ['zero', { credits: 0 }],
    ['more than a million', { credits: 1_000_001 }],
    ['1e9', { credits: 1e9 }],
    ['a number too large to be whole', '{"credits": 1e400}'],
    ['a string', { credits: '10' }],
    ['null', { credits: null }],
    ['a database operator', { credits: { $gt: 0 } }],
    ['a list', { credits: [10] }],
    ['true', { credits: true }],
    ['nothing', {}],
    ['another user’s id', { credits: 10, userId: '64b000000000000000000000' }],
    ['another account’s id', { credits: 10, accountId: '64b000000000000000000000' }],
    ['a price', { credits: 10, amount: 1 }],
    ['an action that is an object', { credits: 10, action: { $ne: 'x' } }],
    ['an action that is a formula', { credits: 10, action: '=cmd()' }],
    ['an action of 65 characters', { credits: 10, action: 'a'.repeat(65) }],
    ['nested metadata', { credits: 10, metadata: { a: { b: 'c' } } }],
    ['metadata with an operator', { credits: 10, metadata: { $set: 'x' } }],
    ['metadata with a dotted key', { credits: 10, metadata: { 'a.b': 'x' } }],
    ['metadata with __proto__', '{"credits": 10, "metadata": {"__proto__": "x"}}'],
    ['metadata with constructor', { credits: 10, metadata: { constructor: 'x' } }],
    ['metadata that is a list', { credits: 10, metadata: ['x'] }],
    ['metadata with a long value', { credits: 10, metadata: { a: 'x'.repeat(501) } }],
    [
      'metadata of more than 2 KB',
      {
        credits: 10,
        metadata: {
          a: 'x'.repeat(500),
          b: 'y'.repeat(500),
          c: 'z'.repeat(500),
          d: 'w'.repeat(500),
          e: 'v'.repeat(500),
        },
      },
    ],
    [
      'metadata of 21 keys',
      { credits: 10, metadata: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, 'v'])) },
    ],
    ['a list as the body', [{ credits: 10 }]],
    ['a number as the body', 10],
    ['a body that is not JSON', '{credits: 10}'],
    ['an empty body', ''],
  ])('%s is refused with 400 and changes nothing', async (_, body) => {
    const caller = await newCaller({ credits: 100 })
    const before = await standingOf(caller)

    const response = await deduct(body, asKey(caller, 'bad'))

    expect(response.status).toBe(400)
    const error = await errorOf(response)
    expect(error.code).toMatch(/^invalid_/)
    expect(error.message.length).toBeGreaterThan(10)
    expect(await standingOf(caller)).toEqual(before)
  })

  test('an error names the wrong field and its allowed values', async () => {
    const caller = await newCaller()

    const error = await errorOf(await deduct({ credits: 0.5 }, asKey(caller, 'x')))

    expect(error).toMatchObject({ field: 'credits', message: 'credits: must be a whole number from 1 to 1000000' })
  })

  test('the largest number is accepted if the balance covers it', async () => {
    const caller = await newCaller({ credits: 1_000_000 })

    expect(await bodyOf(await deduct({ credits: 1_000_000 }, asKey(caller, 'all')))).toMatchObject({ credits: 0 })
  })

  test('a body that is not declared as JSON is refused with 415', async () => {
    const caller = await newCaller()

    const response = await deduct('{"credits": 1}', { ...asKey(caller, 'x'), 'Content-Type': 'text/plain' })

    expect(response.status).toBe(415)
  })

  test('every other method is refused with 405', async () => {
    const get = await call(loader, DEDUCT)
    const put = await call(action, DEDUCT, { method: 'PUT', body: { credits: 1 } })

    for (const response of [get, put]) {
      expect(response.status).toBe(405)
      expect(response.headers.get('Allow')).toBe('POST')
      expect(await errorOf(response)).toMatchObject({ code: 'method_not_allowed' })
    }
  })

  test('a caller without a valid key is refused with 401', async () => {
    const nobody = await deduct({ credits: 1 }, {})
    const forged = await deduct({ credits: 1 }, { Authorization: `Bearer sk_scrip_${'0'.repeat(48)}` })

    expect([nobody.status, forged.status]).toEqual([401, 401])
    expect(await errorOf(forged)).toMatchObject({ code: 'unauthenticated' })
  })
})

describe('a refusal', () => {
  test('a refusal states the shortfall, the balance, and the options with their prices (H19)', async () => {
    const caller = await newCaller({ credits: 9 })

    const response = await deduct({ credits: 24 }, asKey(caller, 'x'))

    expect(response.status).toBe(402)
    const error = await errorOf(response)
    expect(error).toMatchObject({
      code: 'insufficient_credits',
      message: 'This needs 24 credits and you have 9.',
      required: 24,
      available: 9,
    })
    expect(error['options']).toContainEqual({
      type: 'pack',
      pack: '500',
      credits: 500,
      amount: 600,
      currency: 'usd',
      enough: true,
      url: '/billing?pack=500',
    })
    expect(error['options']).toContainEqual(expect.objectContaining({ type: 'plan', plan: 'Daily', amount: 1800 }))
    expect(await standingOf(caller)).toMatchObject({ credits: 9 })
  })

  test('a refusal while an invoice is unpaid names the invoice and how to resume', async () => {
    const caller = await newCaller({ credits: 100 })
    await freezeSpending(caller.user._id, 'past_due')

    const response = await deduct({ credits: 10 }, asKey(caller, 'x'))

    expect(response.status).toBe(402)
    expect(await errorOf(response)).toMatchObject({
      code: 'past_due',
      reason: 'past_due',
      options: [{ type: 'update_payment_method', url: '/billing/update-card' }],
    })
  })

  test('a refusal during another pause names that pause', async () => {
    const caller = await newCaller({ credits: 100 })
    await freezeSpending(caller.user._id, 'dispute')

    expect(await errorOf(await deduct({ credits: 10 }, asKey(caller, 'x')))).toMatchObject({
      code: 'spending_frozen',
      reason: 'dispute',
    })
  })
})

test('200 spends of 10 at once from 1000: exactly 100 succeed, 100 are refused, nothing is left', async () => {
  const caller = await newCaller({ credits: 1000 })

  const responses = await Promise.all(
    Array.from({ length: 200 }, (_, index) => deduct({ credits: 10 }, asKey(caller, `spend-${index}`))),
  )

  const statuses = responses.map(({ status }) => status)
  expect(statuses.filter((status) => status === 200)).toHaveLength(100)
  expect(statuses.filter((status) => status === 402)).toHaveLength(100)
  expect(await getBalance(caller.user._id)).toMatchObject({ credits: 0, held: 0 })
})
