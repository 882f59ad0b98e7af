import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { freezeSpending, unfreezeSpending } from '#app/credits/freeze.server.ts'
import { captureHold, placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { VersionCache, livePorts } from '#app/credits/ports.server.ts'
import { setSpendingCap } from '#app/credits/set-spending-cap.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { periodEnd, periodStart } from '#app/credits/spending-caps.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { sumDays } from '#app/credits/sum-days.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, expectBalance, laterBy } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

type AccountId = Awaited<ReturnType<typeof anAccount>>

const spend = (accountId: AccountId, credits: number, key?: string) =>
  spendCredits({ accountId, key, credits, action: 'draw' })
const hold = (accountId: AccountId, credits: number) =>
  placeHold({ accountId, key: freshKey('hold'), credits, action: 'draw' })
const usedOf = async (accountId: AccountId) => (await mongoStore.findAccount(accountId))?.spendingCaps?.day?.used

describe('a spending cap', () => {
  test('60 spends and holds of 5 at once, from two processes, never pass a cap of 100', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 100)
    const other = { ...livePorts, versions: new VersionCache() }

    const outcomes = await Promise.allSettled(
      Array.from({ length: 60 }, (_, n) => {
        if (n % 3 === 0) return hold(accountId, 5)
        return spendCredits({ accountId, credits: 5, action: 'draw' }, n % 3 === 1 ? livePorts : other)
      }),
    )

    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(outcomes.length - refused.length).toBe(20)
    expect(new Set(refused.map(({ reason }) => (reason as { code: string }).code))).toEqual(
      new Set(['spending_cap_reached']),
    )
    expect(await usedOf(accountId)).toBe(100)
  })

  test('a refusal names the cap, what is used of it and when it resets, and takes nothing', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'month', 50)
    await spend(accountId, 48)

    await expect(spend(accountId, 3)).rejects.toMatchObject({
      code: 'spending_cap_reached',
      message: 'This needs 3 credits and would pass your cap of 50 credits a month: 48 are used.',
      details: { cap: 'month', max: 50, used: 48, required: 3, resetsAt: '2026-05-01T00:00:00.000Z' },
    })

    await spend(accountId, 2)
    await expectBalance(accountId, { credits: 950 })
  })

  test('a cap that buying credits would not help with is named before missing credits', async () => {
    const accountId = await anAccount(10)
    await setSpendingCap(accountId, 'day', 5)
    await expect(spend(accountId, 20)).rejects.toMatchObject({ code: 'spending_cap_reached' })
  })

  test('the day’s count resets at midnight UTC, the month’s does not', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 10)
    await setSpendingCap(accountId, 'month', 15)
    await spend(accountId, 10)
    await expect(spend(accountId, 1)).rejects.toMatchObject({ details: { cap: 'day' } })

    laterBy(DAY)

    await spend(accountId, 5)
    await expect(spend(accountId, 1)).rejects.toMatchObject({ details: { cap: 'month' } })
    expect(await usedOf(accountId)).toBe(5)
  })

  test('a hold counts in full, and what is released of it counts no more', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 20)
    const first = await hold(accountId, 20)
    await expect(spend(accountId, 1)).rejects.toMatchObject({ code: 'spending_cap_reached' })

    await captureHold({ accountId, holdId: first.holdId, credits: 5 })
    await captureHold({ accountId, holdId: first.holdId, credits: 5 })
    const second = await hold(accountId, 15)
    await releaseHold({ accountId, holdId: second.holdId })

    expect(await usedOf(accountId)).toBe(5)
    await spend(accountId, 15)
    await expectBalance(accountId, { credits: 980 })
  })

  test('a hold that ends on the next day gives nothing back to that day', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 20)
    const { holdId } = await placeHold({ accountId, key: 'h', credits: 20, action: 'draw', ttlMs: DAY })
    laterBy(DAY - 60_000)
    await spend(accountId, 10)

    await releaseHold({ accountId, holdId })

    expect(await usedOf(accountId)).toBe(10)
  })

  test('a new cap counts what was spent before it: summed, posted, logged and held', async () => {
    const accountId = await anAccount(1_000)
    await spend(accountId, 1)
    laterBy(DAY)
    await spend(accountId, 2)
    await settleAccount(accountId)
    await sumDays(accountId)
    await spend(accountId, 4)
    await settleAccount(accountId)
    await spend(accountId, 8)
    const { holdId } = await hold(accountId, 16)

    await setSpendingCap(accountId, 'day', 31)
    await setSpendingCap(accountId, 'month', 100)

    const { spendingCaps } = (await mongoStore.findAccount(accountId))!
    expect(spendingCaps).toMatchObject({ day: { used: 30 }, month: { used: 31 } })
    await releaseHold({ accountId, holdId })
    expect(await usedOf(accountId)).toBe(14)
    await expectBalance(accountId, { credits: 985 })
  })

  test('spends while a cap is being set all count', async () => {
    const accountId = await anAccount(1_000)
    const spends = Array.from({ length: 40 }, () => spend(accountId, 1))
    await Promise.all([setSpendingCap(accountId, 'day', 500), ...spends])
    expect(await usedOf(accountId)).toBe(40)
  })

  test('a cap can be changed and removed; a lower one refuses at once and takes back nothing', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 100)
    await spend(accountId, 60)

    await setSpendingCap(accountId, 'day', 50)
    await setSpendingCap(accountId, 'day', 50)
    await expect(spend(accountId, 1)).rejects.toMatchObject({ details: { max: 50, used: 60 } })
    await setSpendingCap(accountId, 'day', 61)
    await spend(accountId, 1)
    await setSpendingCap(accountId, 'day', null)
    await spend(accountId, 500)

    await expectBalance(accountId, { credits: 439 })
  })

  test('a repeated spend is answered as before, at the cap too', async () => {
    const accountId = await anAccount(100)
    await setSpendingCap(accountId, 'day', 10)
    await spend(accountId, 10, 'once')
    expect(await spend(accountId, 10, 'once')).toMatchObject({ replayed: true, creditsLeft: 90 })
  })

  test.each([0, -1, 1.5, 1_000_000_001, Number.NaN])('a cap of %s is refused', async (max) => {
    const accountId = await anAccount(100)
    await expect(setSpendingCap(accountId, 'day', max)).rejects.toMatchObject({ code: 'invalid_credits' })
  })
})

describe('a cap of one spender', () => {
  const spendAs = (accountId: AccountId, spender: string | undefined, credits: number) =>
    spendCredits({ accountId, credits, action: 'draw', spender })

  test('60 spends at once of two spenders and none keep each cap, and share the cap of the account', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 70)
    await setSpendingCap(accountId, 'day', 20, { spender: 'one' })
    await setSpendingCap(accountId, 'month', 30, { spender: 'two' })

    const spenders = Array.from({ length: 60 }, (_, n) => ['one', 'two', undefined][n % 3])
    const outcomes = await Promise.allSettled(spenders.map((spender) => spendAs(accountId, spender, 5)))

    const spentBy = (spender: string | undefined) =>
      5 * outcomes.filter(({ status }, n) => status === 'fulfilled' && spenders[n] === spender).length
    expect(spentBy('one')).toBeLessThanOrEqual(20)
    expect(spentBy('two')).toBeLessThanOrEqual(30)
    expect(spentBy('one') + spentBy('two') + spentBy(undefined)).toBe(70)
    const { spendingCaps } = (await mongoStore.findAccount(accountId))!
    expect(spendingCaps).toMatchObject({
      day: { used: 70 },
      day_one: { used: spentBy('one') },
      month_two: { used: spentBy('two') },
    })
    await expectBalance(accountId, { credits: 930 })
  })

  test('a hold counts against the caps of its spender, and what is released counts no more', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 20, { spender: 'one' })
    const placed = await placeHold({ accountId, key: 'h', credits: 20, action: 'draw', spender: 'one' })
    await expect(spendAs(accountId, 'one', 1)).rejects.toMatchObject({
      code: 'spending_cap_reached',
      message: 'This needs 1 credit and would pass this API key’s cap of 20 credits a day: 20 are used.',
      details: { cap: 'day', of: 'api_key' },
    })
    await spendAs(accountId, 'two', 5)
    await captureHold({ accountId, holdId: placed.holdId, credits: 4 })
    await spendAs(accountId, 'one', 16)
    await expect(spendAs(accountId, 'one', 1)).rejects.toMatchObject({ details: { used: 20 } })
  })

  test('it resets at the end of its period, and can be removed', async () => {
    const accountId = await anAccount(1_000)
    await setSpendingCap(accountId, 'day', 5, { spender: 'one' })
    await spendAs(accountId, 'one', 5)
    laterBy(DAY)
    await spendAs(accountId, 'one', 5)
    await expect(spendAs(accountId, 'one', 1)).rejects.toMatchObject({ code: 'spending_cap_reached' })
    await setSpendingCap(accountId, 'day', null, { spender: 'one' })
    await spendAs(accountId, 'one', 100)
  })

  test('an id that cannot be part of a field’s name is refused', async () => {
    const accountId = await anAccount(1_000)
    for (const spender of ['', 'a.b', '$set', 'a_b']) {
      await expect(setSpendingCap(accountId, 'day', 5, { spender })).rejects.toThrow('cannot have a cap')
    }
  })
})

test('spending that its owner has paused is refused until they resume it, and open holds can be captured', async () => {
  const accountId = await anAccount(100)
  const { holdId } = await hold(accountId, 10)
  await freezeSpending(accountId, 'paused_by_owner')

  await expect(spend(accountId, 1)).rejects.toMatchObject({ code: 'spending_paused' })
  await expect(hold(accountId, 1)).rejects.toMatchObject({ code: 'spending_paused' })
  await captureHold({ accountId, holdId, credits: 10 })
  await freezeSpending(accountId, 'past_due')
  await expect(spend(accountId, 1)).rejects.toMatchObject({ code: 'past_due' })
  await unfreezeSpending(accountId, 'past_due')
  await unfreezeSpending(accountId, 'paused_by_owner')

  await spend(accountId, 1)
  await expectBalance(accountId, { credits: 89 })
})

test.each([
  ['day', '2026-03-29T23:59:59.999Z', '2026-03-29T00:00:00.000Z', '2026-03-30T00:00:00.000Z'],
  ['day', '2028-02-29T00:00:00.000Z', '2028-02-29T00:00:00.000Z', '2028-03-01T00:00:00.000Z'],
  ['month', '2026-12-31T12:00:00.000Z', '2026-12-01T00:00:00.000Z', '2027-01-01T00:00:00.000Z'],
  ['month', '2026-01-31T12:00:00.000Z', '2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'],
] as const)('a %s at %s lasts from %s to %s', (period, at, start, end) => {
  expect(periodStart(period, new Date(at)).toISOString()).toBe(start)
  expect(periodEnd(period, new Date(at)).toISOString()).toBe(end)
})
