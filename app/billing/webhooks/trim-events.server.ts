import { type WebhookEvent, WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const AT_ONCE = 500

/** What is kept of an event: its envelope, and the object fields that late events are compared with. */
const ENVELOPE = ['id', 'object', 'type', 'created', 'api_version', 'livemode', 'account'] as const
const OBJECT = ['id', 'object', 'status'] as const

/**
 * Drops the personal data of events handled long ago: payloads contain names, addresses and cards. The events
 * themselves stay, so that duplicates are recognized and late events can be compared where Stripe cannot be asked.
 * Failed events keep everything: they may still have to be handled. Safe to run twice, concurrently and beside
 * deliveries: an event is trimmed only while it is marked as handled.
 * @param days how old an event must be, counted from when it was received
 * @returns how many events of one batch were trimmed; 0 if none are left
 */
export async function trimEvents(days = config().webhookPayloadDays): Promise<number> {
  const receivedBefore = new Date(now().getTime() - days * DAY_MS)
  const old = await WebhookEventModel.find({
    trimmedAt: null,
    receivedAt: { $lt: receivedBefore },
    status: { $in: ['processed', 'ignored'] },
  })
    .sort({ receivedAt: 1 })
    .limit(AT_ONCE)
    .lean<WebhookEvent[]>()
  let trimmed = 0
  for (const { _id, status, payload } of old) {
    const update = { $set: { payload: remainder(payload), trimmedAt: now() } }
    const { modifiedCount } = await WebhookEventModel.updateOne({ _id, status, trimmedAt: null }, update)
    trimmed += modifiedCount
  }
  return trimmed
}

function remainder(payload: unknown): Record<string, unknown> {
  const { data } = payload as { data?: { object?: unknown } }
  return { ...pick(payload, ENVELOPE), data: { object: pick(data?.object, OBJECT) } }
}

function pick(from: unknown, names: readonly string[]): Record<string, unknown> {
  const fields = (typeof from === 'object' && from !== null ? from : {}) as Record<string, unknown>
  return Object.fromEntries(names.filter((name) => isPlain(fields[name])).map((name) => [name, fields[name]]))
}

const isPlain = (value: unknown): boolean => value === null || ['string', 'number', 'boolean'].includes(typeof value)
