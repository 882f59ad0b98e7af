import type { ActionFunctionArgs } from '@remix-run/node'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { loader as getUser } from '#app/routes/api.user.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { commandsOf } from '#test/setup/commands.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asBrowser, asKey, call, type Caller, errorOf, newCaller } from './caller.ts'
import { deduct, standingOf } from './deduct.ts'

useDatabase({ monitorCommands: true })
// However slow the machine is, the calls of a test follow each other at once.
beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

type Answer = (args: ActionFunctionArgs) => Promise<Response> | Response

/** The routes of the API, but for Stripe's webhook, which has a signature instead of a caller. */
const ROUTES = Object.entries(
  import.meta.glob<{ loader?: Answer; action?: Answer }>('../../app/routes/api.*{.ts,/route.ts}', { eager: true }),
).filter(([file]) => !file.includes('api.webhook'))

/** A caller whose key may only read. */
async function newReader(): Promise<Caller> {
  const caller = await newCaller({ credits: 100 })
  const { key } = await createApiKey(caller.user._id, 'reader', { scopes: ['read'] })
  return { ...caller, apiKey: key }
}

test('a key that may only read gets nothing but GET answered, on every route of the API', async () => {
  const reader = await newReader()
  const before = await standingOf(reader)
  const passed: string[] = []
  const refusals: string[] = []
  for (const [file, { action }] of ROUTES) {
    if (!action) continue
    for (const method of ['POST', 'DELETE', 'PUT', 'PATCH']) {
      const response = await call(action, '/api/x', { method, body: { credits: 1 }, headers: asKey(reader, 'once') })
      const { code } = await errorOf(response)
      if (code === 'insufficient_scope') refusals.push(file)
      else if (response.status !== 405) passed.push(`${method} ${file} ${response.status}`)
    }
  }

  expect(passed).toEqual([])
  expect(refusals.length).toBeGreaterThanOrEqual(5)
  expect(await standingOf(reader)).toEqual(before)
})

test('a key that may only read gets every GET of the API answered', async () => {
  const reader = await newReader()
  const refused: string[] = []
  for (const [file, { loader }] of ROUTES) {
    const status = loader ? (await call(loader, '/api/x', { headers: asKey(reader) })).status : 405
    if ([401, 403].includes(status)) refused.push(file)
  }

  expect(ROUTES.length).toBeGreaterThanOrEqual(7)
  expect(refused).toEqual([])
  expect((await call(getUser, '/api/user', { headers: asKey(reader) })).status).toBe(200)
})

test('the refusal names the scope and where to create another key', async () => {
  const response = await deduct({ credits: 1 }, asKey(await newReader(), 'x'))

  expect(response.status).toBe(403)
  expect(await errorOf(response)).toEqual({
    code: 'insufficient_scope',
    message:
      'This request needs the scope "spend", which this API key lacks. Create a key with it at /settings/api-keys.',
    scope: 'spend',
    url: '/settings/api-keys',
  })
})

test('the scope is known without a read once the key was used', async () => {
  const reader = await newReader()
  await deduct({ credits: 1 }, asKey(reader, 'x'))

  expect(await commandsOf(() => deduct({ credits: 1 }, asKey(reader, 'x')))).toEqual([])
})

test('a browser’s session, and a key from before there were scopes, may read and spend', async () => {
  const caller = await newCaller({ credits: 100 })
  await ApiKeyModel.collection.updateMany({ userId: caller.user._id }, { $unset: { scopes: '', expiresAt: '' } })

  for (const headers of [asBrowser(caller), asKey(caller, 'x')]) {
    expect((await deduct({ credits: 1 }, headers)).status).toBe(200)
    expect((await call(getUser, '/api/user', { headers })).status).toBe(200)
  }
})
