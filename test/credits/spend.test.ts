import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { freezeSpending, unfreezeSpending } from '#app/credits/freeze.server.ts'
import { apiKeyFor, freshKey } from '#app/credits/keys.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, expectBalance, laterBy, ledgerOf, paid } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

describe('spendCredits', () => {
  test('a spend takes the credits, returns the balance and logs the entry', async () => {
    const accountId = await anAccount(25)

    const spent = await spendCredits({ accountId, key: freshKey('spend'), credits: 10, action: 'qr-code' })

    expect(spent).toMatchObject({ creditsLeft: 15, replayed: false })
    await expectBalance(accountId, { credits: 15 })
    const [, row] = await ledgerOf(accountId)
    expect(row).toMatchObject({
      _id: spent.entryId,
      kind: 'spend',
      amount: -10,
      seq: 1,
      balance: 15,
      action: 'qr-code',
    })
    expect(row?.burned).toEqual([['g:sys:welcome', 10]])
  })

  test('a spend is refused when the balance is one credit short, and leaves the account as it was', async () => {
    const accountId = await anAccount(25)

    const refusal = spendCredits({ accountId, key: freshKey('spend'), credits: 26, action: 'qr-code' })

    await expect(refusal).rejects.toMatchObject({
      code: 'insufficient_credits',
      details: { required: 26, available: 25 },
    })
    await expectBalance(accountId, { credits: 25 })
  })

  test.each([[0], [-5], [0.5], [1_000_001], [1e9], [NaN], [Infinity], [-0], ['10'], [{ $gt: 0 }], [null]])(
    '%j is refused as a number of credits',
    async (credits) => {
      const accountId = await anAccount(25)

      const refusal = async () =>
        spendCredits({ accountId, key: freshKey('spend'), credits: credits as number, action: 'qr-code' })

      await expect(refusal()).rejects.toMatchObject({ code: 'invalid_credits' })
      await expectBalance(accountId, { credits: 25 })
    },
  )

  test('one key spends once, before and after the log is posted', async () => {
    const accountId = await anAccount(25)
    const request = { accountId, key: apiKeyFor('spend', 'order-1'), credits: 10, action: 'qr-code' }

    const first = await spendCredits(request)
    const second = await spendCredits(request)
    await settleAccount(accountId)
    const third = await spendCredits(request)

    expect([first.replayed, second.replayed, third.replayed]).toEqual([false, true, true])
    expect(new Set([first.entryId, second.entryId, third.entryId]).size).toBe(1)
    await expectBalance(accountId, { credits: 15 })
  })

  test('one key with another amount or action is a conflict', async () => {
    const accountId = await anAccount(25)
    const request = { accountId, key: apiKeyFor('spend', 'order-1'), credits: 10, action: 'qr-code' }
    await spendCredits(request)

    for (const other of [{ credits: 11 }, { action: 'other' }]) {
      await expect(spendCredits({ ...request, ...other })).rejects.toMatchObject({ code: 'idempotency_conflict' })
    }
    await expectBalance(accountId, { credits: 15 })
  })

  test('the same key of two owners is two spends', async () => {
    const [one, two] = [await anAccount(25), await anAccount(25)]
    const key = apiKeyFor('spend', 'order-1')

    await spendCredits({ accountId: one, key, credits: 10, action: 'qr-code' })
    const other = await spendCredits({ accountId: two, key, credits: 3, action: 'qr-code' })

    expect(other.replayed).toBe(false)
    await expectBalance(two, { credits: 22 })
  })

  test('200 spends of 10 from 1000 at once let exactly 100 through', async () => {
    const accountId = await anAccount()
    await paid(accountId, 1000)

    const outcomes = await Promise.allSettled(
      Array.from({ length: 200 }, () =>
        spendCredits({ accountId, key: freshKey('spend'), credits: 10, action: 'qr-code' }),
      ),
    )

    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(outcomes.length - refused.length).toBe(100)
    expect(refused.every(({ reason }) => (reason as { code: string }).code === 'insufficient_credits')).toBe(true)
    await expectBalance(accountId, { credits: 0 })
  })

  test('one key sent 50 times at once spends once', async () => {
    const accountId = await anAccount(25)
    const request = { accountId, key: apiKeyFor('spend', 'order-1'), credits: 10, action: 'qr-code' }

    const spent = await Promise.all(Array.from({ length: 50 }, () => spendCredits(request)))

    expect(spent.filter((one) => !one.replayed)).toHaveLength(1)
    await expectBalance(accountId, { credits: 15 })
  })

  test('a full log is posted by the writer that filled it (H20, H21)', async () => {
    const accountId = await anAccount()
    await paid(accountId, 10_000)

    for (let batch = 0; batch < 10; batch++) {
      await Promise.all(
        Array.from({ length: 60 }, () =>
          spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'qr-code' }),
        ),
      )
    }

    const account = await mongoStore.findAccount(accountId)
    expect(account?.posted).toBeGreaterThanOrEqual(256)
    expect(account?.pending.length).toBeLessThan(600)
    await expectBalance(accountId, { credits: 9_400 })
  })

  test('expired credits are not spent, and the refusal states the balance (H1, H19)', async () => {
    const accountId = await anAccount(5)
    await paid(accountId, 100, { expiresAt: new Date(Date.now() + DAY) })
    await spendCredits({ accountId, key: freshKey('spend'), credits: 30, action: 'qr-code' })

    laterBy(2 * DAY)
    const refusal = spendCredits({ accountId, key: freshKey('spend'), credits: 6, action: 'qr-code' })

    await expect(refusal).rejects.toMatchObject({ details: { required: 6, available: 5 } })
    await expectBalance(accountId, { credits: 5 })
  })

  test('expired credits are not spent if the clock is set back before the write', async () => {
    const accountId = await anAccount(5)
    await paid(accountId, 100, { expiresAt: new Date(Date.now() + DAY) })
    await spendCredits({ accountId, credits: 30, action: 'qr-code' })

    const [early, late] = [new Date(), new Date(Date.now() + 2 * DAY)]
    let times = 0
    // The entry is made first, then written.
    const ports = { ...livePorts, now: () => (times++ === 1 ? early : late) }
    const refusal = spendCredits({ accountId, credits: 6, action: 'qr-code' }, ports)

    await expect(refusal).rejects.toMatchObject({ details: { required: 6, available: 5 } })
    laterBy(2 * DAY)
    await expectBalance(accountId, { credits: 5 })
  })

  test('without a key, every call is another spend', async () => {
    const accountId = await anAccount(25)
    const request = { accountId, credits: 5, action: 'qr-code' }

    const spent = await Promise.all([spendCredits(request), spendCredits(request), spendCredits(request)])

    expect(new Set(spent.map(({ entryId }) => entryId)).size).toBe(3)
    await expectBalance(accountId, { credits: 10 })
  })

  test('a spend is refused while the account is frozen, with the most severe reason, and works again afterwards', async () => {
    const accountId = await anAccount(25)
    const spend = () => spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'qr-code' })
    await freezeSpending(accountId, 'past_due')
    await expect(spend()).rejects.toMatchObject({ code: 'past_due' })
    await freezeSpending(accountId, 'dispute', 'dp_1')
    await freezeSpending(accountId, 'dispute', 'dp_2')
    await freezeSpending(accountId, 'dispute', 'dp_2')
    await expect(spend()).rejects.toMatchObject({ code: 'spending_frozen', details: { reason: 'dispute' } })

    await unfreezeSpending(accountId, 'past_due')
    await unfreezeSpending(accountId, 'dispute', 'dp_2')
    await expect(spend()).rejects.toMatchObject({ code: 'spending_frozen' })
    await unfreezeSpending(accountId, 'dispute', 'dp_1')

    await expect(spend()).resolves.toMatchObject({ creditsLeft: 24 })
  })

  test('metadata is stored as text, whatever it looks like (3.9), and refused above its limit (H54)', async () => {
    const accountId = await anAccount(25)
    const spend = (metadata: Record<string, string>) =>
      spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'qr-code', metadata })
    await spend({ note: '$credits', other: '$$ROOT' })

    await expect(spend({ $set: 'x' })).rejects.toMatchObject({ code: 'invalid_metadata' })
    await expect(spend({ note: 'x'.repeat(3000) })).rejects.toMatchObject({ code: 'invalid_metadata' })

    await expectBalance(accountId, { credits: 24 })
    expect((await ledgerOf(accountId))[1]?.metadata).toEqual({ note: '$credits', other: '$$ROOT' })
  })

  test('a spend without an account is refused with the reason', async () => {
    const { Types } = await import('mongoose')
    const request = { accountId: new Types.ObjectId(), key: freshKey('spend'), credits: 1, action: 'qr-code' }

    await expect(spendCredits(request)).rejects.toMatchObject({ code: 'account_not_found' })
  })
})
