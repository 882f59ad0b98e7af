import { Schema } from 'mongoose'

/** One line of what was paid for, as the row of the payment keeps it. */
export interface BoughtLine {
  /** Stripe's id of the line. */
  id: string
  kind: 'plan' | 'pack' | 'other'
  /** A plan's name, a pack's id, or what Stripe says of anything else. */
  name: string
  quantity: number
  /** Minor units, before discounts, without tax on top. */
  amount: number
  /** Signed: what it brought. */
  credits: number
}

export const boughtLineSchema = new Schema<BoughtLine>(
  {
    id: { type: String, required: true },
    kind: { type: String, enum: ['plan', 'pack', 'other'], required: true },
    name: { type: String, required: true },
    quantity: { type: Number, required: true },
    amount: { type: Number, required: true },
    credits: { type: Number, required: true },
  },
  { _id: false, id: false, strict: 'throw' },
)
