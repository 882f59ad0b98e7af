import type { ActionFunctionArgs } from '@remix-run/node'
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { consumeAttempt } from '#app/auth/rate-limit.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { action } from '#app/routes/_app.actions.$actionId/route.tsx'
import { asBrowser, type Caller, newCaller } from '#test/api/caller.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()

async function press(caller: Caller, intent: 'run' | 'check') {
  const request = new Request('http://localhost:3000/actions/qr-code', {
    method: 'POST',
    headers: asBrowser(caller),
    body: new URLSearchParams({ intent, key: randomUUID(), text: 'x' }),
  })
  const args: ActionFunctionArgs = { request, params: { actionId: 'qr-code' }, context: {} }
  const result = await action(args)
  return 'data' in result
    ? { status: result.init?.status, answer: result.data, headers: new Headers(result.init?.headers) }
    : { status: result.status, answer: null, headers: result.headers }
}

test.each([
  ['run', 'actionRun', 120],
  ['check', 'actionCheck', 300],
] as const)(
  'a user who asks to %s an action too often has to wait, and other users do not',
  async (intent, limit, tries) => {
    const [busy, other] = await Promise.all([newCaller(), newCaller()])
    await consumeAttempt(limit, busy.user._id.toHexString(), tries - 1)
    expect((await press(busy, intent)).answer?.kind).not.toBe('too-often')
    const before = (await getBalance(busy.user._id)).credits

    const refused = await press(busy, intent)

    expect(refused).toMatchObject({ status: 429, answer: { kind: 'too-often', values: { text: 'x' } } })
    expect(Number(refused.headers.get('Retry-After'))).toBeGreaterThan(0)
    expect(Number(refused.headers.get('Retry-After'))).toBeLessThanOrEqual(60)
    expect((await getBalance(busy.user._id)).credits).toBe(before)
    expect((await press(other, intent)).answer?.kind).not.toBe('too-often')
  },
)
