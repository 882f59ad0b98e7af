import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { sumDays } from '#app/credits/sum-days.server.ts'
import { action, loader } from '#app/routes/api.usage.ts'
import { useDatabase } from '#test/setup/database.ts'
import { asKey, bodyOf, call, type Caller, errorOf, newCaller } from './caller.ts'

useDatabase()

const clockAt = (time: string) => setNow(() => new Date(time))
beforeEach(() => clockAt('2026-05-01T12:00:00Z'))
afterEach(() => setNow(null))

interface Figures {
  spent: number
  added: number
  removed: number
  net: number
}

interface Usage {
  from: string
  to: string
  timeZone: string
  totals: Figures
  days?: ({ day: string; actions?: unknown } & Figures)[]
  actions?: { action: string | null; spent: number }[]
}

const ask = (caller: Caller, query = '') => call(loader, `/api/usage${query}`, { headers: asKey(caller) })
const usageOf = async (caller: Caller, query = '') => bodyOf<Usage>(await ask(caller, query))

/** 100 credits on 1 May; spends late on 1 May and on 3 May, the latter not posted yet. */
async function aSpender(): Promise<Caller> {
  const caller = await newCaller({ credits: 100 })
  const spend = (key: string, credits: number, action: string) =>
    spendCredits({ accountId: caller.user._id, key, credits, action })
  clockAt('2026-05-01T22:30:00Z')
  await spend('1', 10, 'render')
  await spend('2', 5, 'translate')
  await settleAccount(caller.user._id)
  await sumDays(caller.user._id)
  clockAt('2026-05-03T08:00:00Z')
  await spend('3', 20, 'translate')
  return caller
}

const DAYS = '?from=2026-05-01&to=2026-05-04'
const NOTHING = { spent: 0, added: 0, removed: 0, net: 0 }

describe('GET /api/usage', () => {
  test('each day has its sums, also one without entries, and the totals are of all days', async () => {
    const caller = await aSpender()

    const response = await ask(caller, DAYS)

    expect(response.headers.get('Cache-Control')).toBe('no-store')
    expect(await bodyOf<Usage>(response)).toEqual({
      from: '2026-05-01',
      to: '2026-05-04',
      timeZone: 'UTC',
      totals: { spent: 35, added: 100, removed: 0, net: 65 },
      days: [
        { day: '2026-05-01', spent: 15, added: 100, removed: 0, net: 85 },
        { day: '2026-05-02', ...NOTHING },
        { day: '2026-05-03', spent: 20, added: 0, removed: 0, net: -20 },
      ],
    })
  })

  test('by action, the most expensive comes first', async () => {
    const { actions, days } = await usageOf(await aSpender(), `${DAYS}&by=action`)

    expect(days).toBeUndefined()
    expect(actions).toEqual([
      { action: 'translate', spent: 25 },
      { action: 'render', spent: 10 },
    ])
  })

  test('by day and action, each day has its actions', async () => {
    const { actions, days } = await usageOf(await aSpender(), `${DAYS}&by=action,day`)

    expect(actions).toHaveLength(2)
    expect(days?.map((day) => day.actions)).toEqual([
      [
        { action: 'render', spent: 10 },
        { action: 'translate', spent: 5 },
      ],
      [],
      [{ action: 'translate', spent: 20 }],
    ])
  })

  test('days begin at midnight of the zone that is asked for', async () => {
    const { days, timeZone } = await usageOf(await aSpender(), `${DAYS}&timeZone=Europe/Berlin`)

    expect(timeZone).toBe('Europe/Berlin')
    expect(days?.map(({ day, spent }) => [day, spent])).toEqual([
      ['2026-05-01', 0],
      ['2026-05-02', 15],
      ['2026-05-03', 20],
    ])
  })

  test('without days it is the last 30, up to and with today', async () => {
    const { from, to, days } = await usageOf(await aSpender())

    expect([from, to]).toEqual(['2026-04-04', '2026-05-04'])
    expect(days).toHaveLength(30)
    expect(days?.at(-1)).toMatchObject({ day: '2026-05-03', spent: 20 })
  })

  test('actions beyond those that a day’s sums name are one line without a name', async () => {
    const caller = await newCaller({ credits: 500 })
    for (let n = 0; n < 110; n++) {
      await spendCredits({ accountId: caller.user._id, key: `k${n}`, credits: 1, action: `job-${n}` })
    }
    await settleAccount(caller.user._id)
    await sumDays(caller.user._id)

    const { actions } = await usageOf(caller, '?by=action')

    expect(actions?.reduce((sum, { spent }) => sum + spent, 0)).toBe(110)
    expect(actions?.at(-1)?.action).toBeNull()
  })

  test('a whole leap year may be asked for, and no day more', async () => {
    const caller = await newCaller()

    expect((await usageOf(caller, '?from=2024-01-01&to=2025-01-01')).days).toHaveLength(366)
    expect((await ask(caller, '?from=2024-01-01&to=2025-01-02')).status).toBe(400)
  })

  test.each([
    ['?by=key', 'by'],
    ['?by=week', 'by'],
    ['?by=', 'by'],
    ['?from=2026-05-02&to=2026-05-02', 'from'],
    ['?from=2030-01-01', 'from'],
    ['?from=2026-02-30', 'from'],
    ['?to=0000-01-05', 'to'],
    ['?to=2026-05-01T00:00:00Z', 'to'],
    ['?timeZone=%2B02:00', 'timeZone'],
    ['?timeZone=Europe/Atlantis', 'timeZone'],
    ['?days=30', 'days'],
    ['?by[$ne]=day', 'by[$ne]'],
  ])('%s is refused with 400 and names %s', async (query, field) => {
    const response = await ask(await newCaller(), query)

    expect(response.status).toBe(400)
    expect(await errorOf(response)).toMatchObject({ code: 'invalid_request', field })
  })

  test('a user does not see what another one spent', async () => {
    await aSpender()

    expect((await usageOf(await newCaller({ credits: 0 }), DAYS)).totals).toEqual(NOTHING)
  })

  test('it needs a log-in and accepts GET only', async () => {
    expect((await call(loader, '/api/usage')).status).toBe(401)
    expect((await call(action, '/api/usage', { method: 'POST', body: {} })).status).toBe(405)
  })
})
