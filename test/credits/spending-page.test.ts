import { afterEach, describe, expect, test } from 'vitest'
import { answerForm } from '#app/actions/form-answer.server.ts'
import { listApiKeys } from '#app/auth/api-key.server.ts'
import { rotateApiKey } from '#app/auth/rotate-api-key.server.ts'
import { qrCode } from '#app/actions/built-in/qr-code.server.ts'
import { setNow } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { freezeSpending } from '#app/credits/freeze.server.ts'
import { setSpendingCap } from '#app/credits/set-spending-cap.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { loader as dashboard } from '#app/routes/_app.dashboard/route.tsx'
import { action, loader } from '#app/routes/_app.settings.spending/route.tsx'
import { UserModel } from '#models/user.server.ts'
import { asBrowser, asKey, bodyOf, type Caller, errorOf, newCaller } from '#test/api/caller.ts'
import { deduct } from '#test/api/deduct.ts'
import { visit } from '#test/auth/users.ts'
import { useDatabase } from '#test/setup/database.ts'
import { DAY, laterBy } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

function requestOf(caller: Caller, fields?: Record<string, string>): Request {
  const headers = { Cookie: caller.cookie }
  const body = fields && new URLSearchParams(fields)
  return new Request('http://localhost:3000/settings/spending', { method: body ? 'POST' : 'GET', headers, body })
}

const send = async (caller: Caller, fields: Record<string, string>) =>
  action({ request: requestOf(caller, fields), params: {}, context: {} })
const shown = async (caller: Caller) => loader({ request: requestOf(caller), params: {}, context: {} })
const capsOf = async ({ user }: Caller) => (await mongoStore.findAccount(user._id))?.spendingCaps
/** The answer to a form that stays on its page. */
function saved(answer: Awaited<ReturnType<typeof send>>) {
  if (!('data' in answer)) throw new Error('it led to another page')
  return answer
}

describe('the spending page', () => {
  test('caps are saved as people write them, and shown with what is used', async () => {
    const caller = await newCaller({ credits: 100 })
    await UserModel.updateOne({ _id: caller.user._id }, { timeZone: 'Europe/Berlin' })

    const answer = saved(await send(caller, { intent: 'caps', day: '1,000', month: '' }))
    await spendCredits({ accountId: caller.user._id, credits: 40, action: 'draw' })

    expect(answer.data.saved).toBe(true)
    expect(await shown(caller)).toEqual({
      isPaused: false,
      midnight: '02:00 CEST',
      account: {
        day: { max: '1000', hint: '40 of 1,000 used today. Resets on 9 Apr, 02:00 CEST.' },
        month: { max: '', hint: 'Leave empty for no cap.' },
      },
      keys: [expect.objectContaining({ name: 'test', day: { max: '', hint: 'Leave empty for no cap.' } })],
    })
    laterBy(DAY)
    expect(await shown(caller)).toMatchObject({ account: { day: { hint: '0 of 1,000 used today.' } } })
  })

  test('an empty field removes its cap', async () => {
    const caller = await newCaller()
    await send(caller, { intent: 'caps', day: '5', month: '50' })
    await send(caller, { intent: 'caps', day: '', month: '50' })
    expect(await capsOf(caller)).toMatchObject({ month: { max: 50 } })
    expect(await capsOf(caller)).not.toHaveProperty('day')
  })

  test.each(['0', '-5', '1.5', '1e3', '1000000001', 'many', '١٢'])(
    'the cap %j is refused and nothing changes',
    async (day) => {
      const caller = await newCaller()
      const answer = saved(await send(caller, { intent: 'caps', day, month: '50' }))
      expect(answer.init?.status).toBe(400)
      expect(answer.data.result.error).toHaveProperty('day', [expect.stringContaining('whole number')])
      expect(await capsOf(caller)).toBeUndefined()
    },
  )

  test('pausing refuses every spend at once, and resuming ends it; a second press changes nothing', async () => {
    const caller = await newCaller({ credits: 100 })
    await send(caller, { intent: 'pause' })
    await send(caller, { intent: 'pause' })

    expect(await shown(caller)).toMatchObject({ isPaused: true })
    const refused = await deduct({ credits: 1 }, asKey(caller, 'a'))
    expect(refused.status).toBe(402)
    expect(await errorOf(refused)).toMatchObject({
      code: 'spending_paused',
      options: [{ type: 'resume_spending', url: '/settings/spending', enough: true }],
    })
    const request = new Request('http://localhost:3000/dashboard', { headers: { Cookie: caller.cookie } })
    expect(JSON.stringify(await dashboard({ request, params: {}, context: {} }))).toContain('You paused all spending.')

    await send(caller, { intent: 'resume' })
    await send(caller, { intent: 'resume' })
    expect(await bodyOf(await deduct({ credits: 1 }, asKey(caller, 'a')))).toMatchObject({ credits: 99 })
  })

  test('the owner’s pause does not end a pause for another reason', async () => {
    const caller = await newCaller({ credits: 100 })
    await freezeSpending(caller.user._id, 'dispute')
    await send(caller, { intent: 'pause' })
    await send(caller, { intent: 'resume' })
    expect((await getBalance(caller.user._id)).frozen).toBe('dispute')
  })

  test('a visitor is sent to the log-in', async () => {
    const request = visit('/settings/spending')
    await expect(loader({ request, params: {}, context: {} })).rejects.toMatchObject({ status: 302 })
  })
})

test('a spend beyond a cap is refused over the API with the cap, its reset, and what helps', async () => {
  const caller = await newCaller({ credits: 100 })
  await setSpendingCap(caller.user._id, 'day', 10)

  const response = await deduct({ credits: 11 }, asKey(caller, 'a'))

  expect(response.status).toBe(402)
  expect(await errorOf(response)).toEqual({
    code: 'spending_cap_reached',
    message: 'This needs 11 credits and would pass your cap of 10 credits a day: 0 are used.',
    ...{ cap: 'day', of: 'account', max: 10, used: 0, required: 11, resetsAt: '2026-04-09T00:00:00.000Z' },
    options: [
      { type: 'change_cap', url: '/settings/spending', enough: true },
      { type: 'wait', credits: 0, at: '2026-04-09T00:00:00.000Z', enough: true },
    ],
  })
  expect(await bodyOf(await deduct({ credits: 10 }, asKey(caller, 'a')))).toMatchObject({ credits: 90 })
})

test('the page of an action says which cap refuses, when it resets, and where to change it', async () => {
  const { user } = await newCaller({ credits: 100 })
  await setSpendingCap(user._id, 'day', 1)
  await spendCredits({ accountId: user._id, credits: 1, action: 'draw' })

  const sent = { intent: 'run' as const, values: { text: 'hello' }, key: crypto.randomUUID() }
  expect(await answerForm(user, qrCode, sent)).toMatchObject({
    kind: 'refused',
    status: 402,
    reason: 'This needs 1 credit and would pass your cap of 1 credit a day: 1 is used. It resets on 9 Apr, 00:00 UTC.',
    ways: [
      { text: 'Change the cap', to: '/settings/spending' },
      { text: 'Or wait: your limit resets on 9 Apr.', to: null },
    ],
  })
})

test('a cap of an API key holds for it and for the key that replaces it, and for nothing else', async () => {
  const caller = await newCaller({ credits: 100 })
  const [{ spender } = { spender: '' }] = (await shown(caller)).keys
  await send(caller, { intent: 'caps', key: spender, day: '10', month: '' })

  const key = (await listApiKeys(caller.user._id))[0]!
  const { key: replacing } = await rotateApiKey(caller.user._id, key.id)
  expect((await deduct({ credits: 6 }, asKey(caller, 'a'))).status).toBe(200)
  const refused = await deduct({ credits: 5 }, asKey({ ...caller, apiKey: replacing }, 'b'))
  expect(await errorOf(refused)).toMatchObject({ code: 'spending_cap_reached', of: 'api_key', used: 6 })
  expect((await deduct({ credits: 5 }, asBrowser(caller))).status).toBe(200)
  expect((await shown(caller)).keys).toMatchObject([
    { spender, day: { hint: expect.stringMatching(/^6 of 10/) as string } },
  ])
})

test('a cap for the key of another user is refused', async () => {
  const [caller, other] = [await newCaller(), await newCaller()]
  const [{ spender } = { spender: '' }] = (await shown(other)).keys
  expect(saved(await send(caller, { intent: 'caps', key: spender, day: '10' })).init?.status).toBe(404)
  expect(await capsOf(caller)).toBeUndefined()
})
