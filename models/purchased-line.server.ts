import { type InferSchemaType, Schema } from 'mongoose'

/** One line item of a purchase, as the row of the payment keeps it. */
export const purchasedLineSchema = new Schema(
  {
    /** Stripe's id of the line. */
    id: { type: String, required: true },
    kind: { type: String, enum: ['plan', 'pack', 'other'], required: true },
    /** A plan's name, a pack's id, or Stripe's description of anything else. */
    name: { type: String, required: true },
    quantity: { type: Number, required: true },
    /** Minor units, before discounts, without tax on top. */
    amount: { type: Number, required: true },
    /** Signed: what it granted. */
    credits: { type: Number, required: true },
  },
  { _id: false, id: false, strict: 'throw' },
)

export type PurchasedLine = InferSchemaType<typeof purchasedLineSchema>
