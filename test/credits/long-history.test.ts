import { expect, test } from 'vitest'
import { reverseGrants } from '#app/credits/reversal.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { auditCredits } from '#app/credits/audit.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { anAccount, paid } from './scenario.ts'
import { settleAccount } from '#app/credits/settle.server.ts'

useDatabase()

test('an account with 30,000 entries can be refunded, listed and audited', async () => {
  const accountId = await anAccount()
  const of = await paid(accountId, 100_000)
  await settleAccount(accountId)
  const source = { type: 'action', id: 'x' }
  const grantId = `g:stripe:invoice:${of.id}`
  for (let batch = 0; batch < 30; batch++) {
    const rows = Array.from({ length: 1000 }, (_, n) => {
      const seq = 1 + batch * 1000 + n
      const key = `once:spend:${seq}`
      const burned = [[grantId, 1]]
      const at = new Date()
      const entry = { key, kind: 'spend', amount: -1, at, source, action: 'x' }
      return {
        _id: `${accountId.toHexString()}:${key}` as never,
        accountId,
        ...entry,
        seq,
        balance: 100_000 - seq,
        burned,
      }
    })
    await CreditEntryModel.collection.insertMany(rows)
  }
  await CreditAccountModel.collection.updateOne(
    { _id: accountId },
    { $set: { posted: 30_001, credits: 70_000, 'grants.0.remaining': 70_000 } },
  )

  const money = { amount: 500, paid: 1000 }
  const reversal = { accountId, key: 'stripe:refund:re_1', source: { type: 'refund' as const, id: 're_1' }, of, money }
  expect(await reverseGrants(reversal)).toMatchObject({ reversed: 50_000, found: true })
  const { entries } = await listEntries(accountId, { kinds: ['capture', 'grant'], limit: 10 })
  expect(entries.map((entry) => entry.kind)).toEqual(['grant'])
  expect((await auditCredits()).violations).toEqual([])
})
