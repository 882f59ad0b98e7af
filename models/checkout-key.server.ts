import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** What was to be bought under an idempotency key, so that the key never opens a page for something else. */
const checkoutKeySchema = new Schema(
  {
    /** A hash of the buyer and the key: keys of two buyers never meet. */
    _id: { type: String, required: true },
    offer: { type: String, required: true },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'checkout_keys', strict: 'throw', autoIndex: false },
)

// Housekeeping only: Stripe forgets its keys after a day as well.
checkoutKeySchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

export type CheckoutKey = InferSchemaType<typeof checkoutKeySchema>
export const CheckoutKeyModel = defineModel<CheckoutKey>('CheckoutKey', checkoutKeySchema)
