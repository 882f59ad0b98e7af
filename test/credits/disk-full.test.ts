import mongoose from 'mongoose'
import { afterEach, expect, test, vi } from 'vitest'
import { auditCredits } from '#app/credits/audit.server.ts'
import { PENDING_MAX } from '#app/credits/change.ts'
import { CreditsUnavailable } from '#app/credits/errors.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, ledgerOf, paid } from './scenario.ts'

useDatabase()

/** The ledger refuses inserts, as on a disk without room for new documents, while accounts can still be updated. */
function fillDisk(): () => void {
  const full = new mongoose.mongo.MongoServerError({
    code: 14_031,
    codeName: 'OutOfDiskSpace',
    errmsg: 'no space left',
  })
  const insert = vi.spyOn(mongoStore, 'insertEntries').mockRejectedValue(new CreditsUnavailable(full))
  return () => insert.mockRestore()
}

afterEach(() => vi.restoreAllMocks())

test('spending stops in time while the ledger’s disk is full, the account stays small, and everything recovers (6.11)', async () => {
  const accountId = await anAccount()
  await paid(accountId, 5_000)
  const makeRoom = fillDisk()
  const spend = () => spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'qr-code' })
  const outcomes: PromiseSettledResult<unknown>[] = []
  while (outcomes.length < PENDING_MAX + 100) {
    outcomes.push(...(await Promise.allSettled(Array.from({ length: 32 }, spend))))
  }
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as Error] : []))

  const full = (await mongoStore.findAccount(accountId))!
  const spent = outcomes.length - refused.length
  expect(full.pending.length).toBeLessThanOrEqual(PENDING_MAX)
  expect(full.credits).toBe(5_000 - spent)
  expect(refused.length).toBeGreaterThan(0)
  expect(new Set(refused.map((error) => (error as Error & { code: unknown }).code))).toEqual(
    new Set(['credits_unavailable']),
  )
  expect(mongoose.mongo.BSON.calculateObjectSize(full)).toBeLessThan(1_000_000)
  expect(await runUpkeep()).toMatchObject({ posted: 0 })

  makeRoom()
  for (let pass = 0; pass < 3; pass++) await runUpkeep()
  await spend()

  expect(await ledgerOf(accountId)).toHaveLength(1 + spent)
  expect((await mongoStore.findAccount(accountId))?.credits).toBe(5_000 - spent - 1)
  expect((await auditCredits()).violations).toEqual([])
}, 300_000)
