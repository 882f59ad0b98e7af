import type { Types } from 'mongoose'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { sumAllDays, sumDays } from '#app/credits/sum-days.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { creditAccounts } from '#models/credit-account.server.ts'
import { creditDays } from '#models/credit-day.server.ts'
import { creditEntries } from '#models/credit-entry.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

const at = (time: string) => setNow(() => new Date(time))
const problems = async () => (await auditCredits()).violations.map(({ problem }) => problem)
const daysOf = (accountId: Types.ObjectId) => creditDays().find({ accountId }).sort({ day: 1 }).toArray()
const summedOf = async (accountId: Types.ObjectId) => (await creditAccounts().findOne({ _id: accountId }))?.summed

let keys = 0
async function spend(accountId: Types.ObjectId, credits: number, action = 'work'): Promise<void> {
  await spendCredits({ accountId, key: `k:${++keys}`, credits, action })
}

/** Two days of May with posted spends. */
async function aLedger(): Promise<Types.ObjectId> {
  at('2026-05-01T23:40:00Z')
  const accountId = await anAccount(1000)
  await spend(accountId, 3)
  await spend(accountId, 4)
  await spend(accountId, 5, 'print')
  at('2026-05-02T00:05:00Z')
  await spend(accountId, 6)
  await settleAccount(accountId)
  return accountId
}

describe('the sums of days', () => {
  test('each quarter hour has its sums by kind and action', async () => {
    const accountId = await aLedger()
    await sumDays(accountId)

    expect(await daysOf(accountId)).toMatchObject([
      {
        day: new Date('2026-05-01T00:00:00Z'),
        upTo: 5,
        first: 0,
        last: 3,
        sums: [
          { kind: 'grant', quarters: [94], gained: [1000], lost: [0] },
          { kind: 'spend', action: 'work', quarters: [94], gained: [0], lost: [7] },
          { kind: 'spend', action: 'print', quarters: [94], gained: [0], lost: [5] },
        ],
      },
      { upTo: 5, first: 4, last: 4, sums: [{ kind: 'spend', action: 'work', quarters: [0], lost: [6] }] },
    ])
    expect(await summedOf(accountId)).toBe(5)
    expect(await problems()).toEqual([])
  })

  test('each entry counts once, however many processes sum at the same time', async () => {
    const accountId = await aLedger()
    await Promise.all(Array.from({ length: 8 }, () => sumDays(accountId)))
    await spend(accountId, 7)
    await settleAccount(accountId)
    await Promise.all([...Array.from({ length: 8 }, () => sumDays(accountId)), spend(accountId, 8)])
    await settleAccount(accountId)
    await sumDays(accountId)
    await sumDays(accountId)

    expect(await summedOf(accountId)).toBe(7)
    expect((await daysOf(accountId))[1]?.sums).toMatchObject([{ quarters: [0], lost: [21] }])
    expect(await problems()).toEqual([])
  })

  test('a process that dies after any of its writes leaves sums that the next one completes', async () => {
    for (let writes = 0; writes < 3; writes++) {
      const accountId = await aLedger()
      await interrupted(writes, () => sumDays(accountId))
      expect(await problems()).toEqual([])
      await spend(accountId, 1)
      await settleAccount(accountId)
      await sumDays(accountId)

      expect(await summedOf(accountId)).toBe(6)
      expect(await problems()).toEqual([])
    }
  })

  test('maintenance sums an account once 256 posted entries wait', async () => {
    at('2026-05-03T10:00:00Z')
    const accountId = await anAccount(1000)
    for (let n = 0; n < 254; n++) await spend(accountId, 1)
    await runUpkeep()
    await runUpkeep()
    expect(await summedOf(accountId)).toBeUndefined()
    await spend(accountId, 1)
    await runUpkeep()
    await runUpkeep()

    expect(await summedOf(accountId)).toBe(256)
  })

  test('more than a hundred actions of a day share the sums of the further ones', async () => {
    at('2026-05-04T10:00:00Z')
    const accountId = await anAccount(1000)
    for (let n = 0; n < 120; n++) await spend(accountId, 2, `job-${n}`)
    await settleAccount(accountId)
    await sumDays(accountId)
    await spend(accountId, 2, 'job-119')
    await spend(accountId, 2, 'job-0')
    await settleAccount(accountId)
    await sumDays(accountId)

    const sums = (await daysOf(accountId))[0]!.sums
    expect(sums).toHaveLength(101)
    expect(sums.find(({ action }) => action === 'job-0')?.lost).toEqual([4])
    expect(sums.find(({ action }) => action === '*')?.lost).toEqual([44])
    expect(await problems()).toEqual([])
  })

  test('the ledgers of an earlier version are summed as a whole', async () => {
    const accounts = await Promise.all([aLedger(), aLedger()])
    await sumAllDays()

    for (const accountId of accounts) expect(await summedOf(accountId)).toBe(5)
    expect(await problems()).toEqual([])
  })
})

describe('the audit of the sums of days', () => {
  test.each([
    ['a wrong sum', { $inc: { 'sums.0.lost.0': 1 } }, 'the sums of 2026-05-02 are not those of the ledger'],
    ['a wrong range', { $set: { first: 0 } }, 'the sums of 2026-05-02 are not those of the ledger'],
    ['a row that is not counted', { $set: { upTo: 0 } }, 'the sums of 2026-05-02 lack rows below 5'],
  ])('%s is found, and written anew from the ledger', async (_what, damage, problem) => {
    const accountId = await aLedger()
    await sumDays(accountId)
    await creditDays().updateOne({ accountId, day: new Date('2026-05-02T00:00:00Z') }, damage)

    expect(await problems()).toContain(problem)
    expect((await auditCredits({ rebuildsSums: true })).violations).toEqual([])
    expect(await problems()).toEqual([])
  })

  test('a missing day and a day without rows are found, and written anew from the ledger', async () => {
    const accountId = await aLedger()
    await sumDays(accountId)
    const [first] = await daysOf(accountId)
    await creditDays().deleteOne({ _id: first!._id })
    const day = new Date('2026-06-01T00:00:00Z')
    await creditDays().insertOne({ ...first!, _id: `${accountId.toHexString()}:2026-06-01`, day })

    expect(await problems()).toEqual([
      'the sums of 2026-05-01 lack rows below 5',
      'the ledger has no rows for the sums of 2026-06-01T00:00:00.000Z',
    ])
    expect((await auditCredits({ rebuildsSums: true })).violations).toEqual([])
    expect(await daysOf(accountId)).toHaveLength(2)
  })
})

test('sums that say they count no row are found, and written anew from the ledger', async () => {
  const accountId = await aLedger()
  await sumDays(accountId)
  await creditAccounts().updateOne({ _id: accountId }, { $unset: { summed: '' } })
  await creditDays().updateMany({ accountId }, { $set: { upTo: 0 } })

  expect(await problems()).toContain('the sums of 2026-05-01 are not those of the ledger')
  expect((await auditCredits({ rebuildsSums: true })).violations).toEqual([])
  await sumDays(accountId)
  expect(await daysOf(accountId)).toHaveLength(2)
  expect(await problems()).toEqual([])
})

/** Runs some work whose process dies after this many writes to the database. */
async function interrupted(writes: number, work: () => Promise<unknown>): Promise<void> {
  let left = writes
  const spies = (['insertOne', 'updateOne'] as const).map((name) => {
    const prototype = Object.getPrototypeOf(creditEntries()) as Record<string, (...args: unknown[]) => unknown>
    const real = prototype[name]!
    return vi.spyOn(prototype, name).mockImplementation(function (this: unknown, ...args: unknown[]) {
      if (left-- <= 0) return Promise.reject(new Error('the process died'))
      return real.apply(this, args)
    })
  })
  await expect(work()).rejects.toThrow('the process died')
  for (const spy of spies) spy.mockRestore()
}
