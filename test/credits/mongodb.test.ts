import mongoose, { type mongo } from 'mongoose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { toFilter, toUpdate } from '#app/credits/change.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { settleAccount, unmarkLog } from '#app/credits/settle.server.ts'
import { livePorts } from '#app/credits/ports.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { connectDatabase, disconnectDatabase, ensureIndexes, models } from '#app/database.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import type { LogEntry } from '#models/credit-account.server.ts'
import { anAccount } from './scenario.ts'
import { testDatabaseUri } from '../setup/database.ts'

/** Commands as the driver sends them. */
const sent: { name: string; collection: string; command: mongo.Document }[] = []
const OF_MONEY = ['credit_accounts', 'credit_entries']

beforeAll(async () => {
  await connectDatabase(testDatabaseUri(), { monitorCommands: true })
  mongoose.connection.getClient().on('commandStarted', ({ commandName, command }) => {
    sent.push({ name: commandName, collection: String(command[commandName]), command })
  })
  await ensureIndexes()
})
afterAll(async () => {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
})
beforeEach(() => void (sent.length = 0))

const spend = (accountId: mongoose.Types.ObjectId) =>
  spendCredits({ accountId, key: freshKey('spend'), credits: 1, action: 'x' })

describe('reads that a failover cannot undo', () => {
  test('every read of accounts and ledger uses read concern majority (3.3)', async () => {
    const accountId = await anAccount(25)
    await spend(accountId)
    await settleAccount(accountId)

    const reads = sent.filter(({ name, collection }) => name === 'find' && OF_MONEY.includes(collection))
    expect(new Set(reads.map(({ collection }) => collection))).toEqual(new Set(OF_MONEY))
    for (const { command } of reads) expect(command.readConcern).toEqual({ level: 'majority' })
  })
})

describe('unique indexes on a sharded cluster', () => {
  /** The collections that may be sharded, and their shard keys: docs/failures/machine.md. */
  const SHARD_KEYS: Record<string, string> = { credit_accounts: '_id', credit_entries: 'accountId' }

  test('every unique index of a collection that may be sharded begins with the shard key (3.6)', () => {
    for (const [name, shardKey] of Object.entries(SHARD_KEYS)) {
      const model = models.find(({ collection }) => collection.collectionName === name)
      const unique = model!.schema.indexes().filter(([, options]) => options?.unique)
      expect(unique.map(([key]) => Object.keys(key)[0])).toEqual(unique.map(() => shardKey))
    }
  })

  test('every unique index of accounts and entries begins with their owner (H29)', () => {
    const uniqueOf = (name: string) =>
      models
        .find(({ collection }) => collection.collectionName === name)!
        .schema.indexes()
        .filter(([, options]) => options?.unique)
        .map(([key]) => Object.keys(key)[0])
    expect(uniqueOf('credit_accounts')).toEqual([])
    expect(uniqueOf('credit_entries')).toEqual(['accountId'])
    // These collections are not sharded, because their unique fields are Stripe ids.
    expect(uniqueOf('billing_history')).toContain('stripeInvoiceId')
    expect(uniqueOf('payments')).toContain('stripePaymentIntentId')
  })

  test('an entry’s id contains its account, so that two entries of one id would be on one shard (3.6)', async () => {
    const accountId = await anAccount(25)
    await settleAccount(accountId)

    const entries = await CreditEntryModel.collection.find({ accountId }).toArray()
    expect(entries.length).toBeGreaterThan(0)
    for (const { _id } of entries) {
      expect(String(_id)).toMatch(new RegExp(`^${accountId.toHexString()}:`))
    }
  })
})

describe('Mongoose between the code and the database', () => {
  test('a spend in a warm process is one write, exactly as the engine states it (3.8)', async () => {
    const accountId = await anAccount(25)
    await settleAccount(accountId)
    await spend(accountId)
    sent.length = 0
    await spend(accountId)

    const writes = sent.filter(({ name }) => ['insert', 'update', 'findAndModify', 'delete'].includes(name))
    expect(writes).toHaveLength(1)
    const { query, update } = writes[0]!.command as { query: mongo.Document; update: mongo.Document }
    expect(Object.keys(query).sort()).toEqual(
      ['_id', 'version', 'pending.key', 'pending.1023', 'credits', 'nextChange', 'frozen'].sort(),
    )
    expect(Object.keys(update).sort()).toEqual(['$inc', '$push'])
    const { pending } = update.$push as { pending: { $each: object[] } }
    expect(pending.$each.map((entry) => Object.keys(entry).sort())).toEqual([
      ['action', 'amount', 'at', 'key', 'kind', 'source'],
    ])
  })

  test('the first spend in an empty log marks it for posting, and the next ones do not (3.8)', async () => {
    const accountId = await anAccount(25)
    await settleAccount(accountId)
    await unmarkLog(accountId)
    sent.length = 0
    await spend(accountId)
    await spend(accountId)

    const updates = sent
      .filter(({ name }) => name === 'findAndModify')
      .map(({ command }) => command['update'] as object)
    expect(updates.map((update) => '$min' in update)).toEqual([true, false])
    expect((await mongoStore.findAccount(accountId))?.loggedSince).toBeInstanceOf(Date)
  })

  test('spends that miss because of a settle are retried together (3.8)', async () => {
    const accountId = await anAccount(500)
    const { version } = (await mongoStore.findAccount(accountId))!
    await settleAccount(accountId)
    livePorts.versions.set({ _id: accountId, version, loggedSince: new Date() })
    sent.length = 0

    await Promise.all(Array.from({ length: 100 }, () => spend(accountId)))

    expect((await mongoStore.findAccount(accountId))?.credits).toBe(400)
    expect(sent.length).toBeLessThan(50)
  })

  test('an update without its fence matches nothing (3.8)', async () => {
    const accountId = await anAccount(25)
    const entry: LogEntry = { key: 'k', kind: 'spend', amount: -1, at: new Date(), source: { type: 'action', id: 'x' } }
    const lost = { _id: accountId, version: undefined as unknown as string }
    const update = toUpdate({ entries: [entry], credits: -1 })

    expect(await mongoStore.updateAccount(toFilter(lost, [entry]), update)).toBeNull()
    const misspelled = { ...toFilter(lost, [entry]), version: { $exists: true }, verison: 'x' }
    expect(await mongoStore.updateAccount(misspelled, update)).toBeNull()
    expect(await mongoStore.findAccount(accountId)).toMatchObject({ credits: 25 })
  })

  test('every field of an entry is read back unchanged from the log and from the ledger (3.8)', async () => {
    const accountId = await anAccount()
    const terms = {
      category: 'promotional' as const,
      priority: 7,
      effectiveAt: new Date(0),
      expiresAt: new Date('2999-01-01'),
    }
    await grantCredits(accountId, [
      { key: 'stripe:invoice:in_1', credits: 9, source: { type: 'invoice', id: 'in_1', reason: 'why' }, ...terms },
    ])
    const metadata = { a: '1', b: '$x' }
    await spendCredits({ accountId, key: 'api:spend:1', credits: 2, action: 'x', metadata })
    const logged = (await mongoStore.findAccount(accountId))!.pending
    await settleAccount(accountId)

    const ledger = await CreditEntryModel.collection.find({ accountId }).sort({ seq: 1 }).toArray()
    expect(ledger).toMatchObject(logged)
    expect(logged.at(-2)).toMatchObject({ source: { reason: 'why' }, grant: terms })
    expect(logged.at(-1)).toMatchObject({ metadata })
  })

  test('no schema adds fields of its own, or silently drops unknown ones (3.8)', () => {
    for (const { schema, modelName } of models) {
      const { timestamps, strict } = (schema as unknown as { options: mongoose.SchemaOptions }).options
      expect({ modelName, timestamps: Boolean(timestamps), strict }).toEqual({
        modelName,
        timestamps: false,
        strict: 'throw',
      })
    }
    expect(mongoose.get('strictQuery')).toBe('throw')
  })
})

test('every wait for the database has a time limit (3.11, 3.13)', () => {
  const { options } = mongoose.connection.getClient()

  expect(mongoose.get('bufferCommands')).toBe(false)
  expect(mongoose.get('maxTimeMS')).toBeLessThanOrEqual(5_000)
  expect(options.serverSelectionTimeoutMS).toBeLessThanOrEqual(3_000)
  expect(options.waitQueueTimeoutMS).toBeLessThanOrEqual(5_000)
  for (const limit of [options.connectTimeoutMS, options.socketTimeoutMS]) {
    expect(limit).toBeGreaterThan(0)
    expect(limit).toBeLessThanOrEqual(10_000)
  }
})
