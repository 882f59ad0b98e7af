import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { placeHold } from '#app/credits/hold.server.ts'
import { freshKey, stripeInvoiceKey, stripeRefundKey } from '#app/credits/keys.ts'
import { restoreReversal, reverseGrants } from '#app/credits/reversal.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, expectBalance, laterBy, paid } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

type Of = { type: 'invoice'; id: string }
type AccountId = Awaited<ReturnType<typeof anAccount>>

const refund = (accountId: AccountId, of: Of, id: string, amount: number) =>
  reverseGrants({
    accountId,
    key: stripeRefundKey(id),
    source: { type: 'refund', id },
    of,
    money: { amount, paid: 1000 },
  })

const fail = (accountId: AccountId, of: Of, id: string) =>
  restoreReversal({
    accountId,
    key: `${stripeRefundKey(id)}:failed`,
    source: { type: 'refund', id, reason: 'failed' },
    of,
    undoes: stripeRefundKey(id),
  })

const spend = (accountId: AccountId, credits: number) =>
  spendCredits({ accountId, key: freshKey('spend'), credits, action: 'x' })

describe('reverseGrants', () => {
  test('a reversal takes the refunded share back from the same grant', async () => {
    const accountId = await anAccount(25)
    const of = await paid(accountId, 1000)

    expect(await refund(accountId, of, 're_1', 250)).toMatchObject({ reversed: 250, found: true })

    await expectBalance(accountId, { credits: 775 })
    const { grants } = await getBalance(accountId)
    expect(grants.find((grant) => grant.source.id === of.id)?.remaining).toBe(750)
  })

  test('a reversal of spent credits makes a debt, and spending is refused until it is paid', async () => {
    const accountId = await anAccount()
    const of = await paid(accountId, 1000)
    await spend(accountId, 900)

    await refund(accountId, of, 're_1', 1000)

    await expectBalance(accountId, { credits: -900, debt: 900 })
    await expect(spend(accountId, 1)).rejects.toMatchObject({ details: { required: 1, available: -900 } })
    await paid(accountId, 1000)
    await expectBalance(accountId, { credits: 100 })
  })

  test('three partial refunds, duplicated, at once and in any order, take the share of their sum (H14, 1.9)', async () => {
    for (const order of [
      [1, 2, 3],
      [3, 1, 2],
      [2, 3, 1],
    ]) {
      const accountId = await anAccount()
      const of = await paid(accountId, 1001)
      // A busy account may ask to try again; the same key makes that safe.
      const patiently = async (n: number) => {
        for (;;) {
          const done = await refund(accountId, of, `re_${n}`, 333).catch(() => null)
          if (done) return done
        }
      }

      await Promise.all([...order, ...order, 1].map(patiently))
      await settleAccount(accountId)

      // ⌊1001 × 999 ÷ 1000⌋ = 999
      await expectBalance(accountId, { credits: 2 })
      expect(await refund(accountId, of, 're_1', 333)).toMatchObject({ replayed: true })
    }
  })

  test('a reversal never takes more than was granted, however much is refunded and disputed (4.11)', async () => {
    const accountId = await anAccount(25)
    const of = await paid(accountId, 1000)

    await refund(accountId, of, 're_1', 800)
    await reverseGrants({
      accountId,
      key: 'stripe:dispute:dp_1',
      source: { type: 'dispute', id: 'dp_1' },
      of,
      money: { amount: 1000, paid: 1000 },
    })

    await expectBalance(accountId, { credits: 25 })
  })

  test('a reversal first cancels shares that have not started, the latest first (H13)', async () => {
    const accountId = await anAccount(40)
    const of = { type: 'invoice' as const, id: 'in_year' }
    const month = (n: number) => new Date(Date.now() + n * 30 * DAY)
    await grantCredits(
      accountId,
      Array.from({ length: 12 }, (_, n) => ({
        key: stripeInvoiceKey('in_year', n),
        credits: 100,
        source: of,
        effectiveAt: n === 0 ? undefined : month(n),
      })),
    )
    await spend(accountId, 60)

    expect(await refund(accountId, of, 're_1', 375)).toMatchObject({ reversed: 450 })

    const { grants } = await getBalance(accountId)
    const waiting = grants.filter((grant) => !grant.started).map((grant) => grant.granted)
    expect(waiting).toEqual([100, 100, 100, 100, 100, 100, 50])
    await expectBalance(accountId, { credits: 80 })
    laterBy(400 * DAY)
    expect((await getBalance(accountId)).credits).toBe(80 + 650)
    setNow(null)
    await refund(accountId, of, 're_2', 625)
    // 1200 granted, 450 and now 750 taken: 650 that had not started, and 100 that had, of which 80 were left.
    await expectBalance(accountId, { credits: -20, debt: 20 })
  })

  test('a reversal leaves holds alone and makes a debt instead', async () => {
    const accountId = await anAccount()
    const of = await paid(accountId, 100)
    await placeHold({ accountId, key: freshKey('hold'), credits: 80, action: 'x' })

    await refund(accountId, of, 're_1', 1000)

    await expectBalance(accountId, { credits: -80, held: 80, debt: 80 })
  })

  test('a reversal before its grant records nothing, and the same key works later (H55)', async () => {
    const accountId = await anAccount()
    const of = { type: 'invoice' as const, id: 'in_late' }

    expect(await refund(accountId, of, 're_1', 1000)).toEqual({ reversed: 0, found: false, replayed: false })
    await grantCredits(accountId, [{ key: stripeInvoiceKey('in_late'), credits: 100, source: of }])
    expect(await refund(accountId, of, 're_1', 1000)).toMatchObject({ reversed: 100, found: true })

    await expectBalance(accountId, { credits: 0 })
  })
})

describe('restoreReversal', () => {
  test('a failed refund restores what it took, once', async () => {
    const accountId = await anAccount()
    const of = await paid(accountId, 1000)
    await refund(accountId, of, 're_1', 500)

    expect(await fail(accountId, of, 're_1')).toMatchObject({ restored: 500, found: true })
    expect(await fail(accountId, of, 're_1')).toMatchObject({ restored: 500, replayed: true })

    await expectBalance(accountId, { credits: 1000 })
  })

  test('a failed refund restores only what no other refund accounts for', async () => {
    const accountId = await anAccount()
    const of = await paid(accountId, 1000)
    await refund(accountId, of, 're_1', 800)
    await refund(accountId, of, 're_2', 800)
    await expectBalance(accountId, { credits: 0 })

    await fail(accountId, of, 're_1')

    await expectBalance(accountId, { credits: 200 })
  })

  test('restoring a reversal that does not exist restores nothing', async () => {
    const accountId = await anAccount()
    const of = await paid(accountId, 1000)

    expect(await fail(accountId, of, 're_none')).toMatchObject({ restored: 0, found: false })
    await expectBalance(accountId, { credits: 1000 })
  })
})
