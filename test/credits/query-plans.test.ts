import mongoose, { Types } from 'mongoose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { emptyAccount } from '#app/credits/account.server.ts'
import { listEntries } from '#app/credits/ledger.server.ts'
import { listGrantedSources } from '#app/credits/granted-sources.server.ts'
import { QUARTER_MS } from '#app/credits/quarter-sums.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { readAccount } from '#app/credits/recorded.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { sumDays } from '#app/credits/sum-days.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { notifyExpiring } from '#app/billing/entitlements/expiry-notices.server.ts'
import { pauseOverdue } from '#app/billing/subscriptions/grace-period.server.ts'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { sum } from '#app/sum.ts'
import { sumByDay } from '#app/usage/day-sums.server.ts'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { UserModel } from '#models/user.server.ts'
import { testDatabaseUri } from '#test/setup/database.ts'
import { explainReads } from '#test/setup/query-plans.ts'
import { anAccount, paid } from './scenario.ts'

const CUSTOMERS = 100_000
const ENTRIES = 100_000
const CHUNK = 10_000
const NOW = new Date()
const MINUTE = 60_000

beforeAll(async () => {
  await connectDatabase(testDatabaseUri(), { monitorCommands: true })
  await ensureIndexes()
})
afterAll(async () => {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
})

async function insertMany(collection: mongoose.Collection, count: number, make: (n: number) => object): Promise<void> {
  for (let start = 0; start < count; start += CHUNK) {
    await collection.insertMany(Array.from({ length: CHUNK }, (_, n) => make(start + n)))
  }
}

describe(`jobs among ${CUSTOMERS.toLocaleString('en')} customers`, () => {
  beforeAll(async () => {
    const ids = Array.from({ length: CUSTOMERS }, () => new Types.ObjectId())
    await insertMany(CreditAccountModel.collection, CUSTOMERS, (n) => {
      const nextChange = new Date(NOW.getTime() + (n + 1) * MINUTE)
      return { ...emptyAccount(ids[n]!, `v${n}`, NOW), nextChange }
    })
    await insertMany(UserModel.collection, CUSTOMERS, (n) => ({
      _id: ids[n],
      email: `user-${n}@example.com`,
      passwordHash: 'x',
      subscription: { plan: 'Beginner', status: 'active', currentPeriodEnd: NOW, gracePeriodEnd: null, version: 'v' },
      createdAt: NOW,
    }))
  })

  test('maintenance finds the five accounts with a log by their marks, and none once it has cleared the marks', async () => {
    for (let n = 0; n < 5; n++) await paid(await anAccount(), 10)

    const plans = await explainReads(async () => expect(await runUpkeep()).toMatchObject({ accounts: 5, failed: 0 }))

    for (const { keysExamined, docsExamined, returned } of plans) {
      expect(docsExamined).toBeLessThanOrEqual(returned)
      expect(keysExamined).toBeLessThanOrEqual(2 * returned + 2)
    }
    await runUpkeep()
    expect(await runUpkeep()).toMatchObject({ accounts: 0 })
  })

  test('the end of a grace period is found without reading the other users', async () => {
    await UserModel.collection.insertOne({
      email: 'late@example.com',
      passwordHash: 'x',
      subscription: {
        plan: 'Beginner',
        status: 'past_due',
        gracePeriodEnd: new Date(NOW.getTime() - MINUTE),
        version: 'v',
      },
      createdAt: NOW,
    })

    const [plan] = await explainReads(async () => expect(await pauseOverdue()).toBe(1))

    expect(plan).toMatchObject({ collection: 'users', docsExamined: 1, returned: 1 })
    const again = await explainReads(async () => expect(await pauseOverdue()).toBe(0))
    expect(again.map(({ collection, docsExamined }) => [collection, docsExamined])).toEqual([
      ['users', 1],
      ['credit_accounts', 1],
    ])
  })

  test('expiring credits are looked for in all accounts once a day, and in between where something is new', async () => {
    const withinHorizon = 8.5 * 24 * 60
    const { users } = await notifyExpiring()
    expect(users).toBeGreaterThanOrEqual(withinHorizon - 10)
    expect(users).toBeLessThanOrEqual(withinHorizon + 10)

    const idle = await explainReads(() => notifyExpiring())
    // The accounts that the tests above have posted are among them.
    expect(sum(idle.map(({ docsExamined }) => docsExamined))).toBeLessThanOrEqual(20)
    expect(sum(idle.map(({ keysExamined }) => keysExamined))).toBeLessThanOrEqual(20)
  })
})

describe(`a ledger of ${ENTRIES.toLocaleString('en')} entries`, () => {
  let accountId: Types.ObjectId

  beforeAll(async () => {
    accountId = await anAccount()
    await insertMany(CreditEntryModel.collection, ENTRIES, (seq) => ({
      _id: `${accountId.toHexString()}:${seq}` as never,
      accountId,
      key: String(seq),
      kind: 'spend',
      amount: -1,
      at: new Date(NOW.getTime() - (ENTRIES - seq) * 5 * MINUTE),
      source: { type: 'action', id: 'work' },
      action: 'work',
      seq,
      balance: 0,
      burned: [],
    }))
    await CreditAccountModel.collection.updateOne({ _id: accountId }, { $set: { posted: ENTRIES } })
    await sumDays(accountId)
  })

  const examinedBy = async (run: () => Promise<unknown>) => {
    const plans = await explainReads(run)
    return plans.find(({ collection }) => collection === 'credit_entries')!
  }

  test('the sums of a year read a document a day and none of its entries', async () => {
    const from = new Date(Math.floor(NOW.getTime() / QUARTER_MS) * QUARTER_MS - 365 * 24 * 60 * MINUTE)

    const account = await readAccount(livePorts, accountId)
    const plans = await explainReads(() => sumByDay(account, { from }, 'UTC'))

    expect(plans.map(({ collection }) => collection)).toEqual(['credit_days'])
    expect(plans[0]?.docsExamined).toBeLessThanOrEqual(366)
  })

  test('the list of a day long ago does not read what came later', async () => {
    const to = new Date(NOW.getTime() - 300 * 24 * 60 * MINUTE)

    const plans = await explainReads(() => listEntries(accountId, { to, limit: 50 }))

    const ledger = plans.filter(({ collection }) => collection === 'credit_entries')
    expect(ledger).toHaveLength(1)
    // A day has 288 entries.
    expect(ledger[0]!.docsExamined).toBeLessThanOrEqual(288 + 51)
  })

  test('an action that never ran is found to have no entries without a scan', async () => {
    const plan = await examinedBy(() => listEntries(accountId, { action: 'never' }))

    expect(plan).toMatchObject({ docsExamined: 0, returned: 0 })
  })

  test('kinds that never happened are found to have no entries without a scan', async () => {
    const plan = await examinedBy(() => listEntries(accountId, { kinds: ['reversal', 'restore', 'adjust'] }))

    expect(plan).toMatchObject({ docsExamined: 0, returned: 0 })
    expect(plan.keysExamined).toBeLessThanOrEqual(6)
  })

  test('the grants of a payment are found without reading the spends', async () => {
    const plans = await explainReads(() => mongoStore.findEntriesOfSource(accountId, 'in_1'))

    expect(plans).toHaveLength(2)
    for (const plan of plans) expect(plan).toMatchObject({ docsExamined: 0, keysExamined: 0 })
  })

  test('the grants of all payments are found without reading the spends', async () => {
    const plan = await examinedBy(() => listGrantedSources())

    expect(plan.docsExamined).toBeLessThanOrEqual(10)
  })

  test('a page of an action reads one page', async () => {
    const plan = await examinedBy(() => listEntries(accountId, { action: 'work', kinds: ['spend'], limit: 50 }))

    expect(plan.docsExamined).toBeLessThanOrEqual(51)
  })
})
