import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** Something at Stripe that a comparison could not settle, until one does. */
const reconcileFindingSchema = new Schema(
  {
    /** The kind of object and its id, like `invoice:in_…`. */
    _id: { type: String, required: true },
    kind: {
      type: String,
      enum: ['invoice', 'session', 'subscription', 'user', 'charge', 'credit_note', 'dispute', 'price'],
      required: true,
    },
    objectId: { type: String, required: true },
    /** `unclaimed`: a human has to say what it is. `failed`: the next run tries again. */
    state: { type: String, enum: ['unclaimed', 'failed'], required: true },
    /** What is known of it, in one sentence. */
    sentence: { type: String, required: true },
    foundAt: { type: Date, required: true },
    lookedAt: { type: Date, required: true },
  },
  { collection: 'reconcile_findings', strict: 'throw', autoIndex: false },
)

reconcileFindingSchema.index({ lookedAt: 1 })

export type ReconcileFinding = InferSchemaType<typeof reconcileFindingSchema>
export const ReconcileFindingModel = defineModel<ReconcileFinding>('ReconcileFinding', reconcileFindingSchema)
