import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** A Stripe object that reconcile could not settle yet. */
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
    /** `unclaimed`: for manual review. `failed`: the next run tries again. */
    state: { type: String, enum: ['unclaimed', 'failed'], required: true },
    /** What is known about it, in one sentence. */
    sentence: { type: String, required: true },
    foundAt: { type: Date, required: true },
    lookedAt: { type: Date, required: true },
  },
  { collection: 'reconcile_findings', strict: 'throw', autoIndex: false },
)

reconcileFindingSchema.index({ lookedAt: 1 })

export type ReconcileFinding = InferSchemaType<typeof reconcileFindingSchema>
export const ReconcileFindingModel = defineModel<ReconcileFinding>('ReconcileFinding', reconcileFindingSchema)
