import mongoose from 'mongoose'
import { readdirSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openAccount } from '#app/credits/account.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import {
  checkIndexes,
  connectDatabase,
  disconnectDatabase,
  ensureIndexes,
  isDatabaseUp,
  models,
} from '#app/database.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { UserModel } from '#models/user.server.ts'
import { testDatabaseUri } from '#test/setup/database.ts'

/** Commands as the driver sent them, which may differ from what the code states. */
const sent: { name: string; collection: string; command: Record<string, unknown> }[] = []

const database = () => mongoose.connection.db!

beforeAll(async () => {
  await connectDatabase(testDatabaseUri(), { monitorCommands: true })
  mongoose.connection.getClient().on('commandStarted', ({ commandName, command }) => {
    sent.push({
      name: commandName,
      collection: String(command[commandName]),
      command: command,
    })
  })
  await ensureIndexes()
})

afterAll(async () => {
  await database().dropDatabase()
  await disconnectDatabase()
})

describe('the database connection', () => {
  test('every write to a collection of money has write concern majority with journal (3.1)', async () => {
    const accountId = new mongoose.Types.ObjectId()
    sent.length = 0
    await openAccount(accountId, { welcomeCredits: 25 })
    await grantCredits(accountId, [{ key: 'stripe:invoice:in_1', credits: 5, source: { type: 'invoice', id: 'in_1' } }])
    await spendCredits({ accountId, key: 'api:spend:1', credits: 3, action: 'test' })
    await settleAccount(accountId)
    await BillingHistoryModel.updateOne(
      { stripeInvoiceId: 'in_1' },
      { $setOnInsert: billingRow(accountId) },
      { upsert: true },
    )

    const writes = sent.filter(
      ({ name, collection }) =>
        ['insert', 'update', 'findAndModify', 'delete'].includes(name) &&
        ['credit_accounts', 'credit_entries', 'billing_history'].includes(collection),
    )
    expect(new Set(writes.map(({ collection }) => collection))).toEqual(
      new Set(['credit_accounts', 'credit_entries', 'billing_history']),
    )
    for (const { command } of writes) expect(command.writeConcern).toMatchObject({ w: 'majority', j: true })
  })

  test('a filter field that the schema does not know throws, because dropping it would match another document (3.8)', async () => {
    await expect(UserModel.findOne({ emial: 'ada@example.com' } as object)).rejects.toThrow(/emial/)
    await expect(UserModel.updateMany({ emial: 'x' } as object, { $set: { name: 'x' } })).rejects.toThrow(/emial/)
  })

  test('a ping tells whether the database answers', async () => {
    expect(await isDatabaseUp()).toBe(true)
  })
})

describe('ensureIndexes', () => {
  test('ensureIndexes knows every model', () => {
    const files = readdirSync('models').filter((file) => /= defineModel</.test(readFileSync(`models/${file}`, 'utf8')))

    expect(models).toHaveLength(files.length)
  })

  test('ensureIndexes leaves no index missing and can run again', async () => {
    await ensureIndexes()

    expect(await checkIndexes()).toEqual([])
  })

  test('an index whose options have changed is rebuilt', async () => {
    await database().collection('api_keys').dropIndex('hash_1')
    await database().collection('api_keys').createIndex({ hash: 1 }, { sparse: true })
    await ensureIndexes()

    expect(await checkIndexes()).toEqual([])
    const [index] = (await database().collection('api_keys').indexes()).filter(({ key }) => 'hash' in key)
    expect(index).toMatchObject({ unique: true })
    expect(index).not.toHaveProperty('sparse')
  })

  test('the app starts on a database with an older validator, also if the engine cannot change it', async () => {
    await database().dropCollection('credit_accounts')
    await database().createCollection('credit_accounts', { validator: { older: { $exists: false } } })

    await ensureIndexes()

    expect(await checkIndexes()).toEqual([])
    await database().dropCollection('credit_accounts')
    await ensureIndexes()
  })

  test('logs of an earlier version are marked for posting, and its index on the logs is dropped', async () => {
    const accountId = new mongoose.Types.ObjectId()
    await openAccount(accountId, { welcomeCredits: 25 })
    const accounts = database().collection<{ _id: mongoose.Types.ObjectId; loggedSince?: Date }>('credit_accounts')
    await accounts.updateOne({ _id: accountId }, { $unset: { loggedSince: '' } })
    await accounts.createIndex({ 'pending.0.at': 1 }, { sparse: true })

    await ensureIndexes()

    expect((await accounts.findOne({ _id: accountId }))?.loggedSince).toBeInstanceOf(Date)
    expect((await accounts.indexes()).map(({ name }) => name)).not.toContain('pending.0.at_1')
  })

  test('the database itself refuses a fraction of a credit', async () => {
    const accountId = new mongoose.Types.ObjectId()
    await openAccount(accountId, { welcomeCredits: 25 })
    const accounts = database().collection<{ _id: mongoose.Types.ObjectId; credits: number }>('credit_accounts')

    await expect(accounts.updateOne({ _id: accountId }, { $inc: { credits: -0.5 } })).rejects.toMatchObject({
      code: 121,
    })
  })

  test('a payment recorded twice violates a unique index', async () => {
    const row = billingRow(new mongoose.Types.ObjectId())
    await BillingHistoryModel.create(row)

    await expect(BillingHistoryModel.create(row)).rejects.toMatchObject({ code: 11_000 })
  })
})

describe('checkIndexes', () => {
  test('a missing index is named, and marked if it is unique (3.12)', async () => {
    await database().collection('users').dropIndex('email_1')
    await database().collection('sessions').dropIndex('userId_1')

    expect(await checkIndexes()).toEqual(expect.arrayContaining(['users.email_1 (unique)', 'sessions.userId_1']))
    await ensureIndexes()
  })

  test('an index on the same key that includes other documents does not count', async () => {
    const entries = database().collection('credit_entries')
    await entries.dropIndex('accountId_1_source.id_1')
    await entries.createIndex({ accountId: 1, 'source.id': 1 })

    expect(await checkIndexes()).toEqual(['credit_entries.accountId_1_source.id_1'])
    await ensureIndexes()
    expect(await checkIndexes()).toEqual([])
  })

  test('a non-unique index on the same key does not count as the unique one', async () => {
    await database().collection('payments').dropIndex('stripePaymentIntentId_1')
    await database().collection('payments').createIndex({ stripePaymentIntentId: 1 })

    expect(await checkIndexes()).toEqual(['payments.stripePaymentIntentId_1 (unique)'])
    await database().collection('payments').dropIndex('stripePaymentIntentId_1')
    await ensureIndexes()
  })
})

function billingRow(userId: mongoose.Types.ObjectId) {
  return {
    userId,
    stripeCustomerId: 'cus_1',
    stripeInvoiceId: `in_${userId.toHexString()}`,
    planName: 'Daily',
    amount: 1_800,
    currency: 'usd',
    creditsAdded: 2_000,
    status: 'active' as const,
    transactionDate: new Date(),
    isCurrentSubscription: true,
  }
}

test('docs/scale.md says of every collection what bounds it', () => {
  const growth = /## What grows[^]*?\n## /.exec(readFileSync('docs/scale.md', 'utf8'))?.[0] ?? ''
  const missing = models
    .map((model) => model.collection.collectionName)
    .filter((name) => !growth.includes(`| \`${name}\` `))

  expect(missing).toEqual([])
})
