import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { placeHold, releaseHold, captureHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import type { UseLimit } from '#app/credits/limits.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, expectBalance, laterBy } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

type AccountId = Awaited<ReturnType<typeof anAccount>>

const limitOf = (max: number): UseLimit => ({ name: 'qrCodes', max, resetsAt: new Date(Date.now() + 30 * DAY) })
const spend = (accountId: AccountId, limit: UseLimit) =>
  spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'qr-code', limit })
const hold = (accountId: AccountId, limit: UseLimit) =>
  placeHold({ accountId, key: freshKey('hold'), credits: 1, action: 'qr-code', limit })

describe('a plan limit', () => {
  test('40 spends and holds at once under a limit of 10 let exactly 10 through (H25)', async () => {
    const accountId = await anAccount(100)
    const limit = limitOf(10)

    const outcomes = await Promise.allSettled(
      Array.from({ length: 40 }, (_, n) => (n % 4 ? spend(accountId, limit) : hold(accountId, limit))),
    )

    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(outcomes.length - refused.length).toBe(10)
    expect(refused.every(({ reason }) => (reason as { code: string }).code === 'limit_reached')).toBe(true)
  })

  test('a refusal at the limit states its numbers, and takes no credits', async () => {
    const accountId = await anAccount(100)
    const limit = limitOf(1)
    await spend(accountId, limit)

    await expect(spend(accountId, limit)).rejects.toMatchObject({
      code: 'limit_reached',
      details: { limit: 'qrCodes', max: 1, resetsAt: limit.resetsAt.toISOString() },
    })

    await expectBalance(accountId, { credits: 99 })
  })

  test('the count resets in the next period', async () => {
    const accountId = await anAccount(100)
    await spend(accountId, limitOf(1))

    laterBy(31 * DAY)

    await expect(spend(accountId, { ...limitOf(1), resetsAt: new Date(Date.now() + 60 * DAY) })).resolves.toBeTruthy()
  })

  test('a released hold returns its use, a captured one does not', async () => {
    const accountId = await anAccount(100)
    const limit = limitOf(1)
    const first = await hold(accountId, limit)
    await expect(hold(accountId, limit)).rejects.toMatchObject({ code: 'limit_reached' })
    await releaseHold({ accountId, holdId: first.holdId })
    const second = await hold(accountId, limit)
    await captureHold({ accountId, holdId: second.holdId, credits: 1 })

    await expect(hold(accountId, limit)).rejects.toMatchObject({ code: 'limit_reached' })
    await expectBalance(accountId, { credits: 99 })
  })

  test('the limit rises with the plan at once, and Infinity is no limit', async () => {
    const accountId = await anAccount(100)
    await spend(accountId, limitOf(1))

    await spend(accountId, limitOf(2))
    await spend(accountId, limitOf(Infinity))

    await expect(spend(accountId, limitOf(2))).rejects.toMatchObject({ code: 'limit_reached' })
    await expect(spend(accountId, limitOf(0))).rejects.toMatchObject({ code: 'limit_reached' })
  })
})
