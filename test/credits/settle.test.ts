import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { afterEach, describe, expect, test } from 'vitest'
import { setNow } from '#app/clock.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { apiKeyFor, freshKey } from '#app/credits/keys.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, expectBalance, ledgerOf } from './scenario.ts'

useDatabase()
afterEach(() => setNow(null))

const spend = (accountId: Parameters<typeof settleAccount>[0], key = freshKey('spend')) =>
  spendCredits({ accountId, key, credits: 1, action: 'x' })

describe('settleAccount', () => {
  test('a settle that died between the ledger and the account is completed by the next one', async () => {
    const accountId = await anAccount(25)
    await spend(accountId)
    const dying = { ...livePorts, store: { ...mongoStore, renewAccount: () => Promise.reject(new Error('killed')) } }

    await expect(settleAccount(accountId, dying)).rejects.toThrow('killed')
    expect(await ledgerOf(accountId)).toHaveLength(2)
    await spend(accountId)

    await expectBalance(accountId, { credits: 23 })
    expect((await ledgerOf(accountId)).map((row) => row.seq)).toEqual([0, 1, 2])
  })

  test('a settle that died half-way through the rows is completed by the next one', async () => {
    const accountId = await anAccount(25)
    await spend(accountId)
    const dying = {
      ...livePorts,
      store: {
        ...mongoStore,
        insertEntries: async (rows: Parameters<typeof mongoStore.insertEntries>[0]) => {
          await mongoStore.insertEntries(rows.slice(0, 1))
          throw new Error('killed')
        },
      },
    }

    await expect(settleAccount(accountId, dying)).rejects.toThrow('killed')

    expect(await settleAccount(accountId)).toBe(2)
    await expectBalance(accountId, { credits: 24 })
  })

  test('spends and settles at once post every entry once', async () => {
    const accountId = await anAccount(1000)

    await Promise.all(Array.from({ length: 150 }, (_, n) => (n % 5 ? spend(accountId) : settleAccount(accountId))))

    await expectBalance(accountId, { credits: 880 })
    expect(await ledgerOf(accountId)).toHaveLength(121)
  })

  test('settling twice has the effect of settling once', async () => {
    const accountId = await anAccount(25)
    await spend(accountId)
    await settleAccount(accountId)
    const before = await mongoStore.findAccount(accountId)

    expect(await settleAccount(accountId)).toBe(0)

    expect(await mongoStore.findAccount(accountId)).toEqual(before)
  })

  test('a ledger row with different content stops the account (H6)', async () => {
    const accountId = await anAccount(25)
    const { entryId } = await spend(accountId, apiKeyFor('spend', 'forged'))
    const [, row] = (await mongoStore.findAccount(accountId))?.pending ?? []
    await CreditEntryModel.collection.insertOne({
      ...row,
      _id: entryId as never,
      accountId,
      seq: 1,
      balance: 3,
      burned: [],
    })

    await expect(settleAccount(accountId)).rejects.toMatchObject({ code: 'ledger_conflict' })

    await expect(spend(accountId)).rejects.toMatchObject({ code: 'spending_frozen' })
    const { violations } = await auditCredits()
    expect(violations.some((found) => found.accountId === accountId.toHexString())).toBe(true)
    await CreditAccountModel.collection.deleteOne({ _id: accountId })
    await CreditEntryModel.collection.deleteMany({ accountId })
  })
})

describe('auditCredits', () => {
  test('the audit finds nothing in busy accounts, and finds what was changed by hand', async () => {
    const accountId = await anAccount(25)
    await Promise.all([...Array.from({ length: 10 }, () => spend(accountId)), settleAccount(accountId)])
    const clean = await auditCredits()
    expect(clean.violations).toEqual([])
    expect(clean.accounts).toBeGreaterThan(0)

    await CreditAccountModel.collection.updateOne({ _id: accountId }, { $inc: { credits: 5 } })

    const { violations } = await auditCredits()
    expect(violations.map((found) => found.problem).join()).toContain('credits + held is 20, entries say 15')
    await CreditAccountModel.collection.updateOne({ _id: accountId }, { $inc: { credits: -5 } })
  })

  test('the database itself refuses half a credit (H27)', async () => {
    const accountId = await anAccount(25)

    const half = CreditAccountModel.collection.updateOne({ _id: accountId }, { $inc: { credits: -0.5 } })

    await expect(half).rejects.toMatchObject({ code: 121 })
  })

  test('a write that the database refuses does not fail the others in its command', async () => {
    const accounts = await Promise.all([anAccount(1), anAccount(2), anAccount(3)])
    const renew = async (accountId: Types.ObjectId, debt: number) => {
      const version = randomUUID()
      const filter = { _id: accountId, version: (await mongoStore.findAccount(accountId))!.version }
      return mongoStore.renewAccount(filter, { $set: { debt, version } }, version)
    }

    const answers = await Promise.allSettled(accounts.map((accountId, n) => renew(accountId, n === 1 ? -1 : 0)))

    expect(answers).toMatchObject([
      { status: 'fulfilled', value: true },
      { status: 'rejected', reason: { code: 121 } },
      { status: 'fulfilled', value: true },
    ])
    expect((await auditCredits()).violations).toEqual([])
  })
})
