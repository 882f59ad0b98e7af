import { z } from 'zod'
import type { Outcome } from '../outcome.ts'
import { seconds } from '../stripe/objects/fields.ts'

const envelope = {
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  api_version: z.string().nullish(),
  livemode: z.boolean().nullish(),
  account: z.string().nullish(),
}

/** A thin event names its object and does not carry it. Stripe sends those of its v2 API only, and Scrip uses none. */
const thinSchema = z.object({ ...envelope, object: z.literal('v2.core.event') }).transform((event) => {
  const object: { id?: string | null; [field: string]: unknown } = {}
  return { ...event, at: null, isThin: true, data: { object } }
})

/** What of an event is looked at before its handler; the object is read by the handler's own schema. */
const snapshotSchema = z
  .object({
    ...envelope,
    created: seconds,
    data: z.object({ object: z.looseObject({ id: z.string().nullish() }) }),
  })
  .transform(({ created, ...event }) => ({
    ...event,
    isThin: false,
    /** When Stripe saw the object like this. */
    at: created,
  }))

const eventSchema = z.union([thinSchema, snapshotSchema])

export type StripeEvent = z.infer<typeof eventSchema>
export type EventObject = StripeEvent['data']['object']

/** Gets the event's object, which only says where to look. */
export type EventHandler = (object: EventObject) => Promise<Outcome>

/**
 * Reads an event, from a signed body, from the store or from Stripe's list.
 * @throws ZodError for anything else
 */
export const toEvent = (value: unknown): StripeEvent => eventSchema.parse(value)
