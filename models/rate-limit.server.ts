import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** How often something was tried in the current window; written by rate-limiter-flexible. */
const rateLimitSchema = new Schema(
  {
    key: { type: String, required: true },
    points: { type: Number, required: true },
    expire: { type: Date, default: null },
  },
  { collection: 'rate_limits', strict: 'throw', autoIndex: false },
)

// Two processes that count the first try at once must meet in one document.
rateLimitSchema.index({ key: 1 }, { unique: true })
// Housekeeping only: the limiter compares `expire` itself.
rateLimitSchema.index({ expire: 1 }, { expireAfterSeconds: 0 })

export type RateLimit = InferSchemaType<typeof rateLimitSchema>
export const RateLimitModel = defineModel<RateLimit>('RateLimit', rateLimitSchema)
