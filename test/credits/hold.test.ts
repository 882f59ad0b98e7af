import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { captureHold, placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { apiKeyFor, freshKey } from '#app/credits/keys.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { tickAccount } from '#app/credits/tick.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, DAY, expectBalance, laterBy, ledgerOf, paid } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

const hold = (accountId: Parameters<typeof placeHold>[0]['accountId'], credits: number, key = freshKey('hold')) =>
  placeHold({ accountId, key, credits, action: 'summarise' })

describe('placeHold', () => {
  test('a hold reserves credits, which are neither spent nor spendable', async () => {
    const accountId = await anAccount(25)

    const placed = await hold(accountId, 20)

    expect(placed).toMatchObject({ credits: 20, creditsLeft: 5, replayed: false })
    await expectBalance(accountId, { credits: 5, held: 20 })
    await expect(spendCredits({ accountId, key: freshKey('spend'), credits: 6, action: 'x' })).rejects.toMatchObject({
      code: 'insufficient_credits',
    })
  })

  test('a hold with one key is placed once, also after it was captured and the log was posted (H15)', async () => {
    const accountId = await anAccount(25)
    const key = apiKeyFor('hold', 'job-1')
    const first = await hold(accountId, 20, key)
    await captureHold({ accountId, holdId: first.holdId, credits: 5 })
    await settleAccount(accountId)

    const again = await hold(accountId, 20, key)

    expect(again).toMatchObject({ holdId: first.holdId, replayed: true })
    await expect(hold(accountId, 21, key)).rejects.toMatchObject({ code: 'idempotency_conflict' })
    await expectBalance(accountId, { credits: 20 })
  })

  test('20 holds of 10 from 100 at once let exactly 10 through', async () => {
    const accountId = await anAccount(100)

    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => hold(accountId, 10)))

    const refused = outcomes.filter((outcome) => outcome.status === 'rejected')
    expect(outcomes.length - refused.length).toBe(10)
    expect(refused.every(({ reason }) => (reason as { code: string }).code === 'insufficient_credits')).toBe(true)
    await expectBalance(accountId, { credits: 0, held: 100 })
  })
})

describe('captureHold and releaseHold', () => {
  test('a capture keeps what was used and returns the rest', async () => {
    const accountId = await anAccount(25)
    const { holdId } = await hold(accountId, 20)

    const captured = await captureHold({ accountId, holdId, credits: 12 })

    expect(captured).toMatchObject({ captured: 12, released: 8, creditsLeft: 13 })
    await expectBalance(accountId, { credits: 13 })
  })

  test('repeating the end of a hold is a replay with the same outcome and refused with another', async () => {
    const accountId = await anAccount(25)
    const { holdId } = await hold(accountId, 20)
    const first = await captureHold({ accountId, holdId, credits: 12 })
    await settleAccount(accountId)

    const again = await captureHold({ accountId, holdId, credits: 12 })

    expect(again).toMatchObject({ entryId: first.entryId, captured: 12, released: 8, replayed: true })
    await expect(captureHold({ accountId, holdId, credits: 13 })).rejects.toMatchObject({
      code: 'hold_already_resolved',
      details: { outcome: 'captured', captured: 12 },
    })
    await expect(releaseHold({ accountId, holdId })).rejects.toMatchObject({ code: 'hold_already_resolved' })
    await expectBalance(accountId, { credits: 13 })
  })

  test('captures, releases and settles of one hold at once end it once (H3)', async () => {
    const accountId = await anAccount(25)
    const { holdId } = await hold(accountId, 20)

    await Promise.allSettled([
      ...Array.from({ length: 5 }, () => captureHold({ accountId, holdId, credits: 12 })),
      ...Array.from({ length: 5 }, () => releaseHold({ accountId, holdId })),
      ...Array.from({ length: 5 }, () => settleAccount(accountId)),
    ])

    const { creditsLeft } = await captureHold({ accountId, holdId, credits: 12 }).catch(() =>
      releaseHold({ accountId, holdId }),
    )
    expect([13, 25]).toContain(creditsLeft)
    await expectBalance(accountId, { credits: creditsLeft })
  })

  test('a capture of more than was held, of an unknown hold or of half a credit is refused', async () => {
    const accountId = await anAccount(25)
    const { holdId } = await hold(accountId, 20)

    await expect(captureHold({ accountId, holdId, credits: 21 })).rejects.toMatchObject({ code: 'invalid_credits' })
    await expect(releaseHold({ accountId, holdId: 'hold_none' })).rejects.toMatchObject({ code: 'hold_not_found' })
    expect(() => captureHold({ accountId, holdId, credits: 0.5 })).toThrow(/whole number/)
    await expectBalance(accountId, { credits: 5, held: 20 })
  })

  test('another owner’s hold is not found', async () => {
    const [mine, theirs] = [await anAccount(25), await anAccount(25)]
    const { holdId } = await hold(theirs, 20)

    await expect(releaseHold({ accountId: mine, holdId })).rejects.toMatchObject({ code: 'hold_not_found' })
  })

  test('held credits do not expire, and what a hold returns of an expired grant is lost (H9, H10, H11)', async () => {
    const accountId = await anAccount(5)
    await paid(accountId, 100, { expiresAt: new Date(Date.now() + DAY) })
    const { holdId } = await placeHold({ accountId, key: freshKey('hold'), credits: 30, action: 'x', ttlMs: DAY })

    laterBy(2 * DAY)
    await tickAccount(accountId)
    const { released } = await captureHold({ accountId, holdId, credits: 10 })

    expect(released).toBe(20)
    await expectBalance(accountId, { credits: 5 })
    await runUpkeep()
    await expectBalance(accountId, { credits: 5 })
  })

  test('one run of maintenance ends a hold, expires what it gives back to an expired grant, and posts both', async () => {
    const accountId = await anAccount(5)
    await paid(accountId, 100, { expiresAt: new Date(Date.now() + DAY / 2) })
    await placeHold({ accountId, key: freshKey('hold'), credits: 30, action: 'x', ttlMs: DAY })

    laterBy(2 * DAY)
    await runUpkeep()

    await expectBalance(accountId, { credits: 5 })
    const kinds = (await ledgerOf(accountId)).map(({ kind }) => kind)
    expect(kinds.slice(-3)).toEqual(['expire', 'release', 'expire'])
  })

  test('a new hold can use the credits of an expired hold', async () => {
    const accountId = await anAccount(25)
    await placeHold({ accountId, key: freshKey('hold'), credits: 20, action: 'x', ttlMs: 1000 })

    laterBy(2000)
    const placed = await hold(accountId, 25)

    expect(placed.creditsLeft).toBe(0)
    await expectBalance(accountId, { credits: 0, held: 25 })
  })

  test('an expired hold is released by maintenance, or by a spend that needs its credits (H19)', async () => {
    const [idle, busy] = [await anAccount(25), await anAccount(25)]
    await placeHold({ accountId: idle, key: freshKey('hold'), credits: 20, action: 'x', ttlMs: 1000 })
    await placeHold({ accountId: busy, key: freshKey('hold'), credits: 20, action: 'x', ttlMs: 1000 })

    laterBy(2000)
    const spent = await spendCredits({ accountId: busy, key: freshKey('spend'), credits: 25, action: 'x' })
    await runUpkeep()

    expect(spent.creditsLeft).toBe(0)
    await expectBalance(idle, { credits: 25 })
    await expectBalance(busy, { credits: 0 })
  })
})
