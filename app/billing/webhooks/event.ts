import { z } from 'zod'

/** What of an event is looked at before its handler; the object is read by the handler's own schema. */
const eventSchema = z.object({
  id: z.string().min(1).max(255),
  type: z.string().min(1).max(255),
  api_version: z.string().nullish(),
  livemode: z.boolean().nullish(),
  account: z.string().nullish(),
  created: z.number().nullish(),
  data: z.object({ object: z.looseObject({ id: z.string().nullish() }) }),
})

export type StripeEvent = z.infer<typeof eventSchema>
export type EventObject = StripeEvent['data']['object']

/** Reads a signed body. */
export const readEvent = (body: string): StripeEvent => eventSchema.parse(JSON.parse(body))

/** The same for one that was stored, or that Stripe listed. */
export const toEvent = (value: unknown): StripeEvent => eventSchema.parse(value)
