import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** A card whose trial credits were granted, by Stripe's fingerprint: one card has the same at all customers. */
const trialCardSchema = new Schema(
  {
    _id: { type: String, required: true },
    /** Whose trial it was. */
    userId: { type: Schema.Types.ObjectId, required: true },
    firstAt: { type: Date, required: true },
    /** Invoices of other users' trials, which granted no credits. */
    refusedInvoiceIds: { type: [String], default: [] },
  },
  { collection: 'trial_cards', strict: 'throw', autoIndex: false },
)

trialCardSchema.index({ refusedInvoiceIds: 1 })

export type TrialCard = InferSchemaType<typeof trialCardSchema>
export const TrialCardModel = defineModel<TrialCard>('TrialCard', trialCardSchema)
