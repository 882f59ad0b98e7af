import mongoose from 'mongoose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hasRefundFailed, wasDisputeClosed } from '#app/billing/webhooks/unverifiable-events/earlier-events.server.ts'
import { now } from '#app/clock.server.ts'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { testDatabaseUri } from '#test/setup/database.ts'
import { explainReads } from '#test/setup/query-plans.ts'

const OTHERS = 1_000

beforeAll(async () => {
  await connectDatabase(testDatabaseUri(), { monitorCommands: true })
  await ensureIndexes()
  await WebhookEventModel.collection.insertMany([
    ...Array.from({ length: OTHERS }, (_, n) => event(`evt_re_${n}`, 'refund.updated', `re_${n}`, 'succeeded')),
    ...Array.from({ length: OTHERS }, (_, n) => event(`evt_du_${n}`, 'charge.dispute.closed', `du_${n}`, 'lost')),
    event('evt_failed', 'refund.failed', 're_failed', 'failed'),
  ])
})
afterAll(async () => {
  await mongoose.connection.db?.dropDatabase()
  await disconnectDatabase()
})

const event = (_id: string, type: string, id: string, status: string) => ({
  ...{ _id: _id as never, type, payload: { data: { object: { id, status } } } },
  ...{ status: 'processed', attempts: 1, receivedAt: now() },
})

test('the failure of a refund is found without reading the events of others', async () => {
  const plans = await explainReads(async () => {
    expect(await hasRefundFailed('re_failed')).toBe(true)
    expect(await hasRefundFailed('re_7')).toBe(false)
  })

  expect(plans).toHaveLength(2)
  for (const { docsExamined } of plans) expect(docsExamined).toBeLessThanOrEqual(1)
})

test('the end of a dispute is found without reading the events of others', async () => {
  const plans = await explainReads(async () => {
    expect(await wasDisputeClosed('du_7')).toBe(true)
    expect(await wasDisputeClosed('du_open')).toBe(false)
  })

  expect(plans).toHaveLength(2)
  for (const { docsExamined } of plans) expect(docsExamined).toBeLessThanOrEqual(1)
})
