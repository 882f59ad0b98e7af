import { afterEach, describe, expect, test, vi } from 'vitest'
import type { z } from 'zod'
import type { RefusalOption } from '#app/actions/refusal-options.ts'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { API_CALLS } from '#app/api-reference/calls.server.ts'
import type { option } from '#app/api-reference/error-answer.ts'
import { resetConfig } from '#app/config.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { setSpendingCap } from '#app/credits/set-spending-cap.server.ts'
import { useStripe } from '#test/billing/stripe.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asKey, type Caller, newCaller, subscribe } from '../api/caller.ts'
import { callNamed, expectDescribed, headersFor, send, type Sent } from './calling.ts'

useStripe()
useDatabase()
afterEach(() => {
  vi.unstubAllEnvs()
  resetConfig()
})

const ID_OF_NONE = 'hold_AAAAAAAAAAAAAAAAAAAAAA'

async function aHold({ user }: Caller, credits = 30): Promise<string> {
  const { holdId } = await placeHold({
    accountId: user._id,
    key: `api:hold:${crypto.randomUUID()}`,
    credits,
    action: 'a',
  })
  return holdId
}

/** What an example needs besides its own values: a real hold or run. */
async function partsOf(id: string, caller: Caller): Promise<Sent> {
  if (id === 'captureHold' || id === 'releaseHold') return { path: { holdId: await aHold(caller) } }
  if (id !== 'getRun' && id !== 'getRunFile') return {}
  const start = callNamed('startRun')
  const response = await send(start, { headers: headersFor(start, caller) })
  const { run } = (await response.json()) as { run: { id: string; files: { name: string }[] } }
  return { path: { runId: run.id, name: run.files[0]!.name } }
}

async function codeOf(id: string, response: Response): Promise<string> {
  const body = (await expectDescribed(callNamed(id), response)) as { error?: { code: string } }
  return body.error?.code ?? 'no error'
}

describe('an independent validator finds each real answer to be as the document says', () => {
  test.each(API_CALLS)('$id, as its example asks', async (described) => {
    const caller = await newCaller({ credits: 100 })
    const parts = await partsOf(described.id, caller)

    const response = await send(described, { ...parts, headers: headersFor(described, caller) })

    expect(response.status).toBe(described.answer.status)
    await expectDescribed(described, response)
  })

  test('the account of a subscriber, the ledger of one who has done everything, and their usage', async () => {
    const caller = await newCaller({ credits: 500 })
    await subscribe(caller, 'Daily')
    for (const id of ['deductCredits', 'placeHold', 'captureHold', 'releaseHold']) {
      const described = callNamed(id)
      await send(described, { ...(await partsOf(id, caller)), headers: headersFor(described, caller) })
    }

    for (const [id, query] of [
      ['getUser', undefined],
      ['listEntries', { limit: '100' }],
      ['getUsage', { by: 'day,action' }],
      ['getUsage', { by: 'action' }],
      ['getUsage', {}],
      ['getBalance', {}],
    ] as const) {
      const response = await send(callNamed(id), { query, headers: asKey(caller) })
      expect(response.status).toBe(200)
      await expectDescribed(callNamed(id), response)
    }
  })

  test.each(API_CALLS)('$id without a key, with a wrong one, and with one that lacks the scope', async (described) => {
    const caller = await newCaller()
    const only = described.method === 'GET' ? 'spend' : 'read'
    const { key } = await createApiKey(caller.user._id, 'narrow', { scopes: [only] })
    const codes = []
    for (const headers of [{}, { Authorization: 'Bearer sk_scrip_wrong' }, asKey({ ...caller, apiKey: key }, 'x')]) {
      codes.push(await codeOf(described.id, await send(described, { headers })))
    }

    expect(codes).toEqual(['unauthenticated', 'unauthenticated', 'insufficient_scope'])
  })

  test.each(API_CALLS.filter(({ body }) => body))(
    '$id with a body that is wrong, too large or no JSON',
    async (one) => {
      const caller = await newCaller()
      const bodies = [{ nothing: 1 }, JSON.stringify({ credits: 1, metadata: 'x'.repeat(70_000) })]
      const codes = []
      for (const body of bodies) {
        codes.push(await codeOf(one.id, await send(one, { body, headers: headersFor(one, caller) })))
      }
      const headers = { ...headersFor(one, caller), 'Content-Type': 'text/plain' }
      codes.push(await codeOf(one.id, await send(one, { body: '{}', headers })))

      // What an action takes is for the action to say.
      const wrong = one.id === 'startRun' ? 'invalid_action_input' : 'invalid_request'
      expect(codes).toEqual([wrong, 'payload_too_large', 'unsupported_media_type'])
    },
  )

  test.each(API_CALLS.filter(({ query }) => query))('$id with an unknown parameter', async (one) => {
    const caller = await newCaller()

    const response = await send(one, { query: { nothing: '1' }, headers: asKey(caller) })

    expect(await codeOf(one.id, response)).toBe('invalid_request')
  })

  test.each(['deductCredits', 'placeHold'])(
    '%s without an idempotency key, with a bad one, and a used one',
    async (id) => {
      const caller = await newCaller({ credits: 100 })
      const one = callNamed(id)
      await send(one, { headers: asKey(caller, 'used') })
      const codes = []
      for (const [key, credits] of [
        [undefined, 1],
        ['a b', 1],
        ['used', 2],
      ] as const) {
        codes.push(await codeOf(id, await send(one, { body: { credits }, headers: asKey(caller, key) })))
      }

      expect(codes).toEqual(['idempotency_key_required', 'invalid_idempotency_key', 'idempotency_conflict'])
    },
  )

  test.each(['deductCredits', 'placeHold'])('%s when it is refused, with all options', async (id) => {
    const one = callNamed(id)
    const refused = async (prepare: (caller: Caller) => Promise<unknown>, body: unknown = { credits: 24 }) => {
      const caller = await newCaller({ credits: 100 })
      await prepare(caller)
      return codeOf(id, await send(one, { body, headers: headersFor(one, caller) }))
    }

    expect(await refused(async () => {}, { credits: 1_000 })).toBe('insufficient_credits')
    expect(await refused(({ user }) => freezeSpending(user._id, 'past_due'))).toBe('past_due')
    expect(await refused(({ user }) => freezeSpending(user._id, 'dispute'))).toBe('spending_frozen')
    expect(await refused(({ user }) => freezeSpending(user._id, 'paused_by_owner'))).toBe('spending_paused')
    expect(await refused(({ user }) => setSpendingCap(user._id, 'day', 10))).toBe('spending_cap_reached')
    const large = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, 'x'.repeat(500)]))
    expect(await refused(async () => {}, { credits: 1, metadata: large })).toBe('invalid_metadata')
  })

  test('every option of a refusal is described: the compiler compares', () => {
    const described = (one: RefusalOption): z.output<typeof option> => one
    expect(described).toBeDefined()
  })

  test('a run of an unknown action, an unknown run, and an unknown file', async () => {
    const caller = await newCaller()
    const start = callNamed('startRun')
    const started = await send(start, { path: { actionId: 'none' }, headers: headersFor(start, caller) })
    const path = { runId: 'none', name: 'none' }

    expect(await codeOf('startRun', started)).toBe('action_not_found')
    for (const id of ['getRun', 'getRunFile']) {
      expect(await codeOf(id, await send(callNamed(id), { path, headers: asKey(caller) }))).toBe('run_not_found')
    }
  })

  test('a hold that is unknown, has ended otherwise, is too small, or is one too many', async () => {
    const caller = await newCaller({ credits: 500 })
    const capture = async (holdId: string, credits: number) =>
      codeOf(
        'captureHold',
        await send(callNamed('captureHold'), { path: { holdId }, body: { credits }, headers: asKey(caller) }),
      )
    const release = async (holdId: string) =>
      codeOf('releaseHold', await send(callNamed('releaseHold'), { path: { holdId }, headers: asKey(caller) }))
    const holdId = await aHold(caller)

    expect(await capture(ID_OF_NONE, 1)).toBe('hold_not_found')
    expect(await release(ID_OF_NONE)).toBe('hold_not_found')
    expect(await capture(holdId, 31)).toBe('invalid_credits')
    expect(await capture(holdId, 30)).toBe('no error')
    expect(await capture(holdId, 29)).toBe('hold_already_resolved')
    expect(await release(holdId)).toBe('hold_already_resolved')
    for (let n = 0; n < 100; n++) await aHold(caller, 1)
    const place = callNamed('placeHold')
    const another = await send(place, { body: { credits: 1 }, headers: headersFor(place, caller) })
    expect(await codeOf('placeHold', another)).toBe('too_many_holds')
  })

  test('a checkout of what is not sold, or may not be bought now', async () => {
    const caller = await newCaller()
    const open = async (body: unknown) => {
      const one = callNamed('createCheckout')
      return codeOf('createCheckout', await send(one, { body, headers: headersFor(one, caller) }))
    }

    expect(await open({ pack: 'none' })).toBe('pack_not_found')
    expect(await open({ plan: 'None', interval: 'month' })).toBe('plan_not_found')
    await freezeSpending(caller.user._id, 'dispute')
    expect(await open({ pack: '500' })).toBe('pack_not_spendable')
    vi.stubEnv('REQUIRE_CONFIRMED_EMAIL', 'true')
    resetConfig()
    expect(await open({ pack: '500' })).toBe('email_not_confirmed')
  })
})
