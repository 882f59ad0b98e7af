import { beforeEach, expect, it } from 'vitest'
import { deleteOldEvents } from '#app/billing/webhooks/delete-events.server.ts'
import { now } from '#app/clock.server.ts'
import { type WebhookEvent, WebhookEventModel } from '#models/webhook-event.server.ts'
import { useDatabase } from '#test/setup/database.ts'

useDatabase()
beforeEach(() => WebhookEventModel.deleteMany({}))

const DAY_MS = 86_400_000

const store = (_id: string, status: WebhookEvent['status'], days: number) =>
  WebhookEventModel.create({
    _id,
    type: 'invoice.paid',
    payload: { id: _id },
    status,
    receivedAt: new Date(now().getTime() - days * DAY_MS),
  })
const idsLeft = async () => (await WebhookEventModel.find().sort({ _id: 1 }).lean()).map(({ _id }) => _id)

it('handled events are deleted after their time, and failed ones stay', async () => {
  await store('evt_processed', 'processed', 401)
  await store('evt_ignored', 'ignored', 401)
  await store('evt_recent', 'processed', 399)
  for (const status of ['received', 'failed', 'dead'] as const) await store(`evt_${status}`, status, 3000)

  expect(await deleteOldEvents(400)).toBe(2)
  expect(await deleteOldEvents(400)).toBe(0)
  expect(await idsLeft()).toEqual(['evt_dead', 'evt_failed', 'evt_received', 'evt_recent'])
})

it('no event is deleted with 0 days, which means forever', async () => {
  await store('evt_old', 'processed', 3000)

  expect(await deleteOldEvents(0)).toBe(0)
  expect(await idsLeft()).toEqual(['evt_old'])
})

it('two processes that delete at once delete each event once', async () => {
  for (let one = 0; one < 5; one++) await store(`evt_${one}`, 'processed', 401)

  const [first, second] = await Promise.all([deleteOldEvents(400), deleteOldEvents(400)])
  expect(first + second).toBe(5)
})
