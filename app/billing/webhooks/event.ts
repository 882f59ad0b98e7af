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

/** A thin event names its object without carrying it. Only Stripe's v2 API sends them, and Scrip does not use it. */
const thinSchema = z.object({ ...envelope, object: z.literal('v2.core.event') }).transform((event) => {
  const object: { id?: string | null; [field: string]: unknown } = {}
  return { ...event, at: null, isThin: true, data: { object } }
})

/** The event fields read before its handler; the handler's own schema reads the object. */
const snapshotSchema = z
  .object({
    ...envelope,
    created: seconds,
    data: z.object({ object: z.looseObject({ id: z.string().nullish() }) }),
  })
  .transform(({ created, ...event }) => ({
    ...event,
    isThin: false,
    /** When Stripe took this snapshot of the object. */
    at: created,
  }))

const eventSchema = z.union([thinSchema, snapshotSchema])

export type StripeEvent = z.infer<typeof eventSchema>
export type EventObject = StripeEvent['data']['object']

/** Takes the event's object, which only says where to look. */
export type EventHandler = (object: EventObject) => Promise<Outcome>

/** The customer that an event's object names, or null. */
export const customerOf = ({ customer }: EventObject): string | null => (typeof customer === 'string' ? customer : null)

/**
 * Reads an event from a signed body, from the database or from Stripe's list.
 * @throws ZodError for anything else
 */
export const toEvent = (value: unknown): StripeEvent => eventSchema.parse(value)
