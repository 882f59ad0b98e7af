import { expect, test } from 'vitest'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { loader as getEntries } from '#app/routes/api.credits.entries.ts'
import { loader as getUser } from '#app/routes/api.user.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, call, errorOf, newCaller } from './caller.ts'
import { deduct } from './deduct.ts'

useDatabase()

const POLICY = '"default";q=60000;w=60'
const LIMIT = /^"default";r=\d+;t=\d+$/

test('every answer to a key or a session carries the rate limit, a refusal too', async () => {
  const caller = await newCaller({ credits: 1 })
  const { key } = await createApiKey(caller.user._id, 'reader', { scopes: ['read'] })
  const answers = [
    [200, await call(getUser, '/api/user', { headers: asKey(caller) })],
    [200, await call(getUser, '/api/user', { headers: asBrowser(caller) })],
    [200, await call(getEntries, '/api/credits/entries?format=csv', { headers: asKey(caller) })],
    [400, await call(getEntries, '/api/credits/entries?limit=x', { headers: asKey(caller) })],
    [200, await deduct({ credits: 1 }, asKey(caller, 'x'))],
    [402, await deduct({ credits: 1 }, asKey(caller, 'y'))],
    [403, await deduct({ credits: 1 }, asKey({ ...caller, apiKey: key }, 'z'))],
  ] as const

  for (const [status, response] of answers) {
    expect(response.status).toBe(status)
    expect(response.headers.get('RateLimit-Policy')).toBe(POLICY)
    expect(response.headers.get('RateLimit')).toMatch(LIMIT)
    expect(response.headers.get('Cache-Control')).toBe('no-store')
  }
})

test('a call past the limit is told that nothing is left, and when to come back', async () => {
  const caller = await newCaller()
  await consumeAttempt('api', caller.user._id.toHexString(), 60_000)
  const response = await deduct({ credits: 1 }, asKey(caller, 'x'))
  const seconds = response.headers.get('Retry-After')

  expect(response.status).toBe(429)
  expect(Number(seconds)).toBeGreaterThan(0)
  expect(response.headers.get('RateLimit-Policy')).toBe(POLICY)
  expect(response.headers.get('RateLimit')).toBe(`"default";r=0;t=${seconds}`)
})

test('who is not known has no limit to show', async () => {
  const response = await call(getUser, '/api/user')

  expect(await errorOf(response)).toMatchObject({ code: 'unauthenticated' })
  expect(response.headers.has('RateLimit')).toBe(false)
})
