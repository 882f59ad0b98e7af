import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { needsHuman } from '../errors.ts'
import { listAll } from '../stripe/client.server.ts'
import { eventTable } from '../webhooks/event-table.ts'
import { toEvent } from '../webhooks/event.ts'
import { takeEvent } from '../webhooks/receive.server.ts'
import type { ListRange } from './stripe-lists.server.ts'

/** The maximum of unfinished events retried in one run, oldest first. */
const AGAIN_MAX = 500

export interface LostEvents {
  /** How many of Stripe's events were checked. */
  compared: number
  done: string[]
  /** Except for failures of the object itself, which the comparison of objects reports. */
  failed: string[]
}

/** Handles events that never arrived and those that failed; returns a sentence for each. */
export async function takeLostEvents(range: ListRange): Promise<LostEvents> {
  const listed = await listEvents(range)
  const ids = listed.map(({ id }) => id)
  const stored = await WebhookEventModel.find({ _id: { $in: ids }, status: { $in: ['processed', 'ignored'] } })
    .select({ _id: 1 })
    .lean<{ _id: string }[]>()
  const settled = new Set(stored.map(({ _id }) => _id))
  const lost = listed.filter(({ id }) => !settled.has(id)).map(({ payload }) => payload)
  const known = new Set(ids)
  const unfinished = (await unfinishedEvents()).filter(({ _id }) => !known.has(_id)).map(({ payload }) => payload)

  const result: LostEvents = { compared: listed.length, done: [], failed: [] }
  for (const payload of [...unfinished, ...lost]) {
    const event = toEvent(payload)
    const { handled, dead, outcome, changed, error } = await takeEvent(event, payload)
    const sentence = `${event.type} ${event.id}: ${outcome}`
    if (changed) result.done.push(sentence)
    else if ((!handled || dead) && !needsHuman(error)) result.failed.push(sentence)
  }
  return result
}

/** Oldest first, as plain JSON, without the client library's objects. */
async function listEvents({ since }: ListRange): Promise<{ id: string; payload: unknown }[]> {
  const params = { created: { gte: Math.floor(since.getTime() / 1000) }, limit: 100 }
  const listed = await listAll(
    ({ events }) => events.list(params),
    (event) => (isActedOn(event) ? { id: event.id, payload: JSON.parse(JSON.stringify(event)) as unknown } : null),
  )
  return listed.filter((event) => event !== null).reverse()
}

const isActedOn = ({ type }: { type: string }): boolean => Object.hasOwn(eventTable, type)

async function unfinishedEvents(): Promise<{ _id: string; payload: unknown }[]> {
  return WebhookEventModel.find({ status: { $in: ['received', 'failed', 'dead'] } })
    .sort({ receivedAt: 1 })
    .limit(AGAIN_MAX)
    .select({ payload: 1 })
    .lean<{ _id: string; payload: unknown }[]>()
}
