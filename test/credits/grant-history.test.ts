import { Types } from 'mongoose'
import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { adjustCredits } from '#app/credits/adjust.server.ts'
import { type GrantHistory, readGrantHistory } from '#app/credits/grant-history.server.ts'
import { captureHold, placeHold } from '#app/credits/hold.server.ts'
import { reverseGrants } from '#app/credits/reversal.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, laterBy, paid } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

const grantOf = ({ id }: { id: string }) => `g:stripe:invoice:${id}`
const spend = (accountId: Types.ObjectId, credits: number) =>
  spendCredits({ accountId, key: `test:${new Types.ObjectId().toHexString()}`, credits, action: 'qr-code' })

/** Credits granted, less all that were used, are those left or reserved. */
function addsUp({ terms, tally, current }: GrantHistory): void {
  const gone = Object.values(tally).reduce((sum, credits) => sum + credits, 0)
  const reserved = current?.reserved.reduce((sum, { amount }) => sum + amount, 0) ?? 0
  const left = current ? (current.started ? current.remaining : current.granted) : 0
  expect(terms.granted - gone).toBe(left + reserved)
}

describe('the history of a grant', () => {
  test('the history lists each use and its credits, the same from the log and from the ledger', async () => {
    const accountId = await anAccount(25)
    const invoice = await paid(accountId, 100)
    await spend(accountId, 10)
    await spend(accountId, 40)

    for (const when of ['in the log', 'in the ledger']) {
      const welcome = (await readGrantHistory(accountId, 'g:sys:welcome'))!
      const story = (await readGrantHistory(accountId, grantOf(invoice)))!

      expect(
        welcome.lines.map(({ effect, credits }) => [effect, credits]),
        when,
      ).toEqual([
        ['spent', -15],
        ['spent', -10],
        ['came', 25],
      ])
      expect(welcome.current).toBeNull()
      expect(story.lines.map(({ effect, credits }) => [effect, credits])).toEqual([
        ['spent', -25],
        ['came', 100],
      ])
      expect(story).toMatchObject({ place: 0, current: { remaining: 75 }, tally: { spent: 25 } })
      for (const each of [welcome, story]) addsUp(each)
      await settleAccount(accountId)
    }
  })

  test('the history names a debt that was paid, a refund, an expiry, and what is reserved', async () => {
    const accountId = await anAccount()
    const first = await paid(accountId, 100)
    await spend(accountId, 80)
    await reverseGrants({
      accountId,
      key: 'stripe:refund:re_1',
      source: { type: 'refund', id: 're_1' },
      of: first,
      money: { amount: 10, paid: 10 },
    })
    const second = await paid(accountId, 300, { expiresAt: new Date(Date.now() + DAY) })
    const hold = await placeHold({ accountId, key: 'test:hold', credits: 50, action: 'qr-code', ttlMs: DAY })
    await captureHold({ accountId, holdId: hold.holdId, credits: 20 })
    await placeHold({ accountId, key: 'test:hold:2', credits: 30, action: 'qr-code', ttlMs: DAY })
    await adjustCredits({
      accountId,
      key: 'admin:adjust:1',
      credits: -5,
      reason: 'a mistake',
      by: { type: 'admin', id: 'a' },
    })

    const taken = (await readGrantHistory(accountId, grantOf(first)))!
    const paidDebt = (await readGrantHistory(accountId, grantOf(second)))!
    laterBy(2 * DAY)
    const expired = (await readGrantHistory(accountId, grantOf(second)))!
    await settleAccount(accountId)
    const posted = (await readGrantHistory(accountId, grantOf(second)))!

    expect(taken.tally).toMatchObject({ spent: 80, 'taken-back': 20 })
    expect(paidDebt.tally).toMatchObject({ 'settled-debt': 80, spent: 20, corrected: 5, expired: 0 })
    expect(paidDebt.current?.reserved).toHaveLength(1)
    expect(expired.tally.expired).toBe(300 - 80 - 20 - 5 - 30)
    expect(posted.tally).toEqual(expired.tally)
    for (const each of [taken, paidDebt, expired, posted]) addsUp(each)
  })

  test('the history shows credits that were canceled before they started', async () => {
    const accountId = await anAccount()
    const later = await paid(accountId, 120, { effectiveAt: new Date(Date.now() + DAY) })
    await reverseGrants({
      accountId,
      key: 'stripe:refund:re_2',
      source: { type: 'refund', id: 're_2' },
      of: later,
      money: { amount: 5, paid: 10 },
    })

    const waiting = (await readGrantHistory(accountId, grantOf(later)))!
    await settleAccount(accountId)
    laterBy(2 * DAY)
    const started = (await readGrantHistory(accountId, grantOf(later)))!

    expect(waiting).toMatchObject({ place: null, tally: { 'called-off': 60 }, current: { started: false } })
    expect(started).toMatchObject({ place: 0, tally: { 'called-off': 60 }, current: { remaining: 60 } })
    for (const each of [waiting, started]) addsUp(each)
  })

  test('the pages of the history join without a gap over the ledger and the log', async () => {
    const accountId = await anAccount()
    const invoice = await paid(accountId, 100)
    for (let count = 0; count < 5; count++) await spend(accountId, 1)
    await settleAccount(accountId)
    for (let count = 0; count < 3; count++) await spend(accountId, 2)

    const seen: number[] = []
    let before: number | undefined
    for (let page = 0; page < 10; page++) {
      const story = (await readGrantHistory(accountId, grantOf(invoice), { before, limit: 2 }))!
      seen.push(...story.lines.map(({ credits }) => credits))
      expect(story.tally.spent).toBe(11)
      if (story.nextBefore === null) break
      before = story.nextBefore
    }

    expect(seen).toEqual([-2, -2, -2, -1, -1, -1, -1, -1, 100])
  })

  test('the history is shown to the owner only, and an unknown grant has none', async () => {
    const accountId = await anAccount()
    const stranger = await anAccount()
    const invoice = await paid(accountId, 100)

    expect(await readGrantHistory(stranger, grantOf(invoice))).toBeNull()
    for (const id of ['', 'g:', 'g:none', 'sys:welcome', `g:${'x'.repeat(500)}`]) {
      expect(await readGrantHistory(accountId, id)).toBeNull()
    }
  })
})
