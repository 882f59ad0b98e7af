import mongoose, { type ConnectOptions, type IndexDefinition, type IndexOptions, type Model } from 'mongoose'
import { ActionRunModel } from '#models/action-run.server.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { CheckoutKeyModel } from '#models/checkout-key.server.ts'
import { CreditAccountModel, creditAccountValidator } from '#models/credit-account.server.ts'
import { CreditDayModel } from '#models/credit-day.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import { ExpiryCheckModel } from '#models/expiry-check.server.ts'
import { JobCursorModel } from '#models/job-cursor.server.ts'
import { MailModel } from '#models/mail.server.ts'
import { MailTurnModel } from '#models/mail-turn.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { RateLimitModel } from '#models/rate-limit.server.ts'
import { ReconcileFindingModel } from '#models/reconcile-finding.server.ts'
import { SessionModel } from '#models/session.server.ts'
import { TopUpModel } from '#models/top-up.server.ts'
import { TrialCardModel } from '#models/trial-card.server.ts'
import { UserModel } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { config } from './config.server.ts'

/** Every collection. The document types of models differ, but do not matter here. */
// eslint-disable-next-line @typescript-eslint/no-explicit-any -- see above
export const models: Model<any>[] = [
  ActionRunModel,
  ApiKeyModel,
  BillingHistoryModel,
  CheckoutKeyModel,
  CreditAccountModel,
  CreditDayModel,
  CreditEntryModel,
  ExpiryCheckModel,
  JobCursorModel,
  MailModel,
  MailTurnModel,
  NotificationModel,
  PaymentModel,
  RateLimitModel,
  ReconcileFindingModel,
  SessionModel,
  TopUpModel,
  TrialCardModel,
  UserModel,
  WebhookEventModel,
]

const OPERATION_MS = 5_000
const NAMESPACE_EXISTS = 48
const INDEX_NOT_FOUND = 27
const COMMAND_NOT_FOUND = 59
const CONFLICTS_WITH_EXISTING = new Set([85, 86])

// A misspelled field in a filter must throw: without it, the write would hit the wrong document.
mongoose.set('strictQuery', 'throw')
mongoose.set('bufferCommands', false)
mongoose.set('autoIndex', false)
mongoose.set('autoCreate', false)
mongoose.set('maxTimeMS', OPERATION_MS)

/**
 * Opens the only connection of this process. The write concern is set here, because the driver silently ignores `w` and `j`
 * as flat options of a call.
 */
export async function connectDatabase(uri = config().mongodbUri, options: ConnectOptions = {}): Promise<void> {
  await mongoose.connect(uri, {
    writeConcern: { w: 'majority', j: true, wtimeoutMS: OPERATION_MS },
    readConcern: { level: 'majority' },
    bufferCommands: false,
    autoIndex: false,
    autoCreate: false,
    serverSelectionTimeoutMS: 3_000,
    connectTimeoutMS: 5_000,
    // If the network drops answers, time limits of the server do not help.
    socketTimeoutMS: 2 * OPERATION_MS,
    // A request that gets no connection in this time answers 503 instead of waiting in a growing queue.
    waitQueueTimeoutMS: 5_000,
    maxPoolSize: 50,
    ...options,
  })
}

/** Closes the connection after running operations. */
export async function disconnectDatabase(): Promise<void> {
  await mongoose.disconnect()
}

/** Whether the database answers within two seconds. */
export async function isDatabaseUp(): Promise<boolean> {
  const { db } = mongoose.connection
  if (!db) return false
  try {
    await db.command({ ping: 1 }, { timeoutMS: 2_000 })
    return true
  } catch {
    return false
  }
}

/** Creates missing collections, indexes and validators. Several processes may run it at once. */
export async function ensureIndexes(): Promise<void> {
  await Promise.all(models.map(ensureCollection))
  await upgradeCredits()
  // Of an earlier version: it had trimmed events too.
  await dropIndex(WebhookEventModel.collection, 'trimmedAt_1_receivedAt_1')
}

/**
 * For the credits of an earlier version: it did not note which logs are to be posted, had an index on the logs, and summed
 * the ledger by its times.
 */
async function upgradeCredits(): Promise<void> {
  const accounts = CreditAccountModel.collection
  await accounts.updateMany(
    { 'pending.0': { $exists: true }, loggedSince: { $exists: false } },
    { $set: { loggedSince: new Date(0) } },
  )
  await dropIndex(CreditAccountModel.collection, 'pending.0.at_1')
  await dropIndex(CreditEntryModel.collection, 'accountId_1_at_-1')
}

async function dropIndex(collection: mongoose.Collection, name: string): Promise<void> {
  await collection.dropIndex(name).catch((error: { code?: number }) => {
    if (error.code !== INDEX_NOT_FOUND) throw error
  })
}

async function ensureCollection(model: Model<unknown>): Promise<void> {
  const validator = model.collection.collectionName === 'credit_accounts' ? creditAccountValidator : undefined
  const db = mongoose.connection.db
  if (!db) throw new Error('ensureIndexes needs a connection')
  try {
    await db.createCollection(model.collection.collectionName, validator && { validator })
  } catch (error) {
    if ((error as { code?: number }).code !== NAMESPACE_EXISTS) throw error
    if (validator) await changeValidator(model.collection.collectionName, validator)
  }
  for (const [key, options] of model.schema.indexes()) {
    await ensureIndex(model, key, options)
  }
}

/** The local engine cannot change the validator of a collection; there it keeps the old one, and the code's own checks. */
async function changeValidator(collection: string, validator: object): Promise<void> {
  await mongoose.connection.db?.command({ collMod: collection, validator }).catch((error: { code?: number }) => {
    if (error.code !== COMMAND_NOT_FOUND) throw error
  })
}

/** Rebuilds an index whose options have changed: MongoDB refuses to have both. */
async function ensureIndex(
  model: Model<unknown>,
  definition: IndexDefinition,
  { background: _, ...rest }: IndexOptions = {},
): Promise<void> {
  // Mongoose's types of an index are looser than the driver's; the content is the same.
  const key = definition as mongoose.mongo.IndexSpecification
  const options = rest as mongoose.mongo.CreateIndexesOptions
  try {
    await model.collection.createIndex(key, options)
  } catch (error) {
    if (!CONFLICTS_WITH_EXISTING.has(Number((error as { code?: number }).code))) throw error
    const old = (await model.collection.indexes()).find((index) => isEqual(index.key, key))
    if (!old?.name) throw error
    await model.collection.dropIndex(old.name)
    await model.collection.createIndex(key, options)
  }
}

/**
 * Compares the indexes of the models with those that exist.
 * @returns the missing ones, as `users.email_1 (unique)`
 */
export async function checkIndexes(): Promise<string[]> {
  const missing = await Promise.all(models.map(missingIndexes))
  return missing.flat()
}

async function missingIndexes(model: Model<unknown>): Promise<string[]> {
  const name = model.collection.collectionName
  const existing = await model.collection.indexes().catch((error: { code?: number }) => {
    if (error.code === 26) return []
    throw error
  })
  return model.schema
    .indexes()
    .filter(([key, options]) => {
      const same = existing.find((index) => isEqual(index.key, key))
      return !same || !isEqual(essence(same), essence(options ?? {}))
    })
    .map(([key, options]) => {
      const label = Object.entries(key).flat().join('_')
      return `${name}.${label}${options?.unique ? ' (unique)' : ''}`
    })
}

/** What makes two indexes on one key different ones. */
const essence = ({ unique, sparse, partialFilterExpression }: IndexOptions) => ({
  unique: Boolean(unique),
  sparse: Boolean(sparse),
  partialFilterExpression,
})

const isEqual = (one: unknown, other: unknown): boolean => JSON.stringify(one) === JSON.stringify(other)
