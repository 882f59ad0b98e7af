import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { adjustCredits } from '#app/credits/adjust.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { adminKey, freshKey, stripeInvoiceKey } from '#app/credits/keys.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, expectBalance, laterBy, ledgerOf, paid } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

const invoice = (id: string) => ({ type: 'invoice' as const, id })

describe('openAccount', () => {
  test('20 openings at once give one account and one welcome grant', async () => {
    const accountId = await anAccount(25)

    await Promise.all(Array.from({ length: 20 }, () => openAccount(accountId, { welcomeCredits: 25 })))

    await expectBalance(accountId, { credits: 25 })
    expect(await ledgerOf(accountId)).toHaveLength(1)
  })
})

describe('grantCredits', () => {
  test('a grant adds the credits and records the payment behind them', async () => {
    const accountId = await anAccount()

    const granted = await grantCredits(accountId, [
      { key: stripeInvoiceKey('in_1'), credits: 1000, source: invoice('in_1') },
    ])

    expect(granted).toMatchObject({ credits: 1000, replayed: false })
    await expectBalance(accountId, { credits: 1000 })
    expect((await ledgerOf(accountId))[0]).toMatchObject({ kind: 'grant', amount: 1000, source: invoice('in_1') })
  })

  test('the same invoice 50 times at once, while the log is posted, grants once', async () => {
    const accountId = await anAccount()
    const grant = () =>
      grantCredits(accountId, [{ key: stripeInvoiceKey('in_2'), credits: 1000, source: invoice('in_2') }])

    const outcomes = await Promise.all(
      Array.from({ length: 50 }, (_, n) => (n % 10 === 9 ? settleAccount(accountId).then(() => null) : grant())),
    )

    expect(outcomes.filter((outcome) => outcome?.replayed === false)).toHaveLength(1)
    await expectBalance(accountId, { credits: 1000 })
  })

  test('a replay returns what was recorded, whatever the repeated request says (H32)', async () => {
    const accountId = await anAccount()
    const request = { key: stripeInvoiceKey('in_3'), credits: 1000, source: invoice('in_3') }
    await grantCredits(accountId, [request])

    const replay = await grantCredits(accountId, [{ ...request, credits: 5000 }])

    expect(replay).toMatchObject({ credits: 1000, replayed: true })
    await expectBalance(accountId, { credits: 1000 })
  })

  test('an API key cannot use the key of an invoice (H4)', async () => {
    const accountId = await anAccount(25)
    const { apiKeyFor } = await import('#app/credits/keys.ts')
    const key = apiKeyFor('spend', stripeInvoiceKey('in_4'))
    await spendCredits({ accountId, key, credits: 1, action: 'x' })

    const granted = await grantCredits(accountId, [
      { key: stripeInvoiceKey('in_4'), credits: 1000, source: invoice('in_4') },
    ])

    expect(granted.replayed).toBe(false)
    await expectBalance(accountId, { credits: 1024 })
  })

  test.each([[0], [-1], [0.5], [2_000_000_000], [NaN], ['10']])('%j is refused', async (credits) => {
    const accountId = await anAccount()
    const request = { key: stripeInvoiceKey('in_5'), credits: credits as number, source: invoice('in_5') }

    await expect(grantCredits(accountId, [request])).rejects.toMatchObject({ code: 'invalid_credits' })
    await expectBalance(accountId, { credits: 0 })
  })

  test('shares that start later count from their start, without a write (H12, H51)', async () => {
    const accountId = await anAccount()
    const shares = [0, 30, 60].map((days, share) => ({
      key: stripeInvoiceKey('in_6', share),
      credits: 100,
      source: invoice('in_6'),
      effectiveAt: new Date(Date.now() + days * DAY),
    }))

    const granted = await grantCredits(accountId, shares)

    expect(granted.credits).toBe(300)
    await expectBalance(accountId, { credits: 100 })
    expect((await getBalance(accountId)).nextArrival).toMatchObject({ credits: 100 })
    laterBy(31 * DAY)
    expect((await getBalance(accountId)).credits).toBe(200)
    await spendCredits({ accountId, key: freshKey('spend'), credits: 150, action: 'x' })
    await expectBalance(accountId, { credits: 50 })
    laterBy(61 * DAY)
    await runUpkeep()
    await expectBalance(accountId, { credits: 150 })
  })

  test('credits that expire first are spent first, promotional before paid (spending order)', async () => {
    const accountId = await anAccount(10)
    await paid(accountId, 100)
    const soon = await paid(accountId, 50, { expiresAt: new Date(Date.now() + DAY) })

    await spendCredits({ accountId, key: freshKey('spend'), credits: 70, action: 'x' })

    const { entries } = await listEntries(accountId, { limit: 1 })
    const [burned] = entries.map((entry) => entry.burned)
    expect(burned?.map(([, credits]) => credits)).toEqual([50, 10, 10])
    expect(burned?.[0]?.[0]).toContain(soon.id)
    expect(burned?.[1]?.[0]).toContain('welcome')
  })

  test('unused credits expire without a write, and their expiry is shown before', async () => {
    const accountId = await anAccount()
    await paid(accountId, 50, { expiresAt: new Date(Date.now() + DAY) })
    await spendCredits({ accountId, key: freshKey('spend'), credits: 20, action: 'x' })
    expect((await getBalance(accountId)).nextExpiry).toMatchObject({ credits: 30 })

    laterBy(2 * DAY)

    expect((await getBalance(accountId)).credits).toBe(0)
    await runUpkeep()
    await expectBalance(accountId, { credits: 0 })
    expect((await ledgerOf(accountId)).at(-1)).toMatchObject({ kind: 'expire', amount: -30 })
  })
})

describe('adjustCredits', () => {
  test('an adjustment adds credits or takes them below zero, and the next credits pay the debt', async () => {
    const accountId = await anAccount(25)
    const adjust = (credits: number, nonce: string) =>
      adjustCredits({
        accountId,
        key: adminKey(nonce),
        credits,
        reason: 'goodwill',
        by: { type: 'admin', id: 'admin-1' },
      })

    await adjust(10, 'a')
    await adjust(10, 'a')
    await adjust(-50, 'b')
    await expectBalance(accountId, { credits: -15, debt: 15 })
    await paid(accountId, 100)

    await expectBalance(accountId, { credits: 85 })
    await expect(adjust(11, 'a')).rejects.toMatchObject({ code: 'idempotency_conflict' })
  })
})

describe('listEntries', () => {
  test('log and ledger are listed as one, newest first, page by page (H23, H51)', async () => {
    const accountId = await anAccount(25)
    for (let n = 0; n < 4; n++) await spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'x' })
    await settleAccount(accountId)
    for (let n = 0; n < 3; n++) await spendCredits({ accountId, key: freshKey('spend'), credits: 2, action: 'y' })

    const first = await listEntries(accountId, { limit: 5 })
    const second = await listEntries(accountId, { limit: 5, before: first.nextBefore ?? 0 })

    expect(first.entries.map((entry) => entry.seq)).toEqual([7, 6, 5, 4, 3])
    expect(second.entries.map((entry) => entry.seq)).toEqual([2, 1, 0])
    expect(second.nextBefore).toBeNull()
    expect(first.entries.map((entry) => entry.balance)).toEqual([15, 17, 19, 21, 22])
    const only = await listEntries(accountId, { action: 'y', kinds: ['spend'] })
    expect(only.entries).toHaveLength(3)
  })
})
