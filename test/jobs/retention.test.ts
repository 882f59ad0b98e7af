import { Types } from 'mongoose'
import mongoose from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { applyRetention } from '#app/jobs/retention.server.ts'
import { ActionRunModel } from '#models/action-run.server.ts'
import { MailModel } from '#models/mail.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { testDatabaseUri } from '#test/setup/database.ts'
import { explainReads } from '#test/setup/query-plans.ts'
import { now } from '#app/clock.server.ts'

const DAY_MS = 86_400_000
const KEPT = 1_000
const OLD = 700

const daysAgo = (days: number) => new Date(now().getTime() - days * DAY_MS)

/** Of each kind: some that are older than everything's time, and others that have to stay or are done with. */
async function insert(prefix: string, count: number, at: Date): Promise<void> {
  const ids = Array.from({ length: count }, (_, n) => `${prefix}-${n}` as never)
  const isDone = prefix === 'done'
  const trimmedAt = isDone ? at : null
  const finished = { finishedAt: at, trimmedAt, facts: { Text: 'x' }, files: [] }
  await WebhookEventModel.collection.insertMany(
    ids.map((_id) => {
      const payload = { id: _id, data: { object: { id: 'in_1', name: 'Ada' } } }
      return {
        _id,
        type: 'invoice.paid',
        payload,
        status: isDone ? 'dead' : 'processed',
        receivedAt: at,
        trimmedAt: null,
      }
    }),
  )
  await NotificationModel.collection.insertMany(
    ids.map((_id, n) => {
      const kind = n % 2 ? 'payment_failed' : 'payment_receipt'
      const nextAttemptAt = isDone ? now() : at
      return {
        _id,
        userId: new Types.ObjectId(),
        kind,
        data: { amount: 1 },
        status: 'sent',
        nextAttemptAt,
        createdAt: at,
      }
    }),
  )
  await ActionRunModel.collection.insertMany(
    ids.map((_id) => ({ _id, accountId: new Types.ObjectId(), actionId: 'x', status: 'done', ...finished })),
  )
  await MailModel.collection.insertMany(
    ids.map(() => ({ to: 'x', subject: 'x', text: 'x', sentAt: isDone ? now() : at })),
  )
}

beforeAll(async () => {
  await connectDatabase(testDatabaseUri(), { monitorCommands: true })
  await ensureIndexes()
  await insert('kept', KEPT, daysAgo(30))
  await insert('done', KEPT, daysAgo(1000))
  await insert('old', OLD, daysAgo(500))
  await WebhookEventModel.collection.insertMany(
    Array.from({ length: KEPT }, (_, n) => ({
      ...{ _id: `trimmed-${n}` as never, type: 'invoice.paid', payload: {}, status: 'processed' },
      ...{ receivedAt: daysAgo(200), trimmedAt: daysAgo(100) },
    })),
  )
})
afterAll(async () => {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
})

test('retention works off a backlog of several batches in one run, and a second run finds nothing', async () => {
  expect(await applyRetention()).toMatchObject({
    deleteOldEvents: OLD,
    deleteOldMails: OLD,
    emptyMailbox: OLD,
    trimRuns: OLD,
  })
  expect(await applyRetention()).toEqual({
    ...{ trimEvents: 0, deleteOldEvents: 0, deleteOldMails: 0, emptyMailbox: 0, trimRuns: 0 },
  })
  expect(await WebhookEventModel.countDocuments({})).toBe(3 * KEPT)
  expect(await MailModel.countDocuments({})).toBe(2 * KEPT)
  // Half of them are mails whose key is kept.
  expect(await NotificationModel.countDocuments({})).toBe(2 * KEPT + OLD / 2)
  expect(await ActionRunModel.countDocuments({})).toBe(2 * KEPT + OLD)
})

test('retention examines almost nothing if nothing is old', async () => {
  await applyRetention()
  const plans = await explainReads(() => applyRetention())

  expect(plans.map(({ collection }) => collection).sort()).toEqual([
    ...['action_runs', 'mailbox', 'notifications', 'webhook_events', 'webhook_events'],
  ])
  for (const { docsExamined, keysExamined } of plans) {
    expect(docsExamined).toBe(0)
    expect(keysExamined).toBeLessThanOrEqual(4)
  }
})
