import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** Stripe's event as received, and its outcome. */
const webhookEventSchema = new Schema(
  {
    _id: { type: String, required: true },
    type: { type: String, required: true },
    apiVersion: { type: String, default: null },
    payload: { type: Schema.Types.Mixed, required: true },
    status: { type: String, enum: ['received', 'processed', 'ignored', 'failed', 'dead'], required: true },
    /** One sentence: what was done, or why nothing was. */
    outcome: { type: String, default: null },
    attempts: { type: Number, required: true, default: 0 },
    lastError: { type: String, default: null },
    receivedAt: { type: Date, required: true },
    processedAt: { type: Date, default: null },
    /** When the payload was reduced to what later events are compared with. */
    trimmedAt: { type: Date, default: null },
  },
  { collection: 'webhook_events', strict: 'throw', autoIndex: false, minimize: false },
)

webhookEventSchema.index({ status: 1, receivedAt: 1 })
webhookEventSchema.index({ receivedAt: -1 })
// Finds events to trim, without those that were trimmed or have failed.
webhookEventSchema.index({ trimmedAt: 1, status: 1, receivedAt: 1 })
webhookEventSchema.index({ 'payload.data.object.customer': 1, status: 1 })
// Late events about refunds and disputes are compared with earlier ones.
webhookEventSchema.index({ 'payload.data.object.id': 1, type: 1 })

export type WebhookEvent = InferSchemaType<typeof webhookEventSchema>
export const WebhookEventModel = defineModel<WebhookEvent>('WebhookEvent', webhookEventSchema)
