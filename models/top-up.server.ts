import { Schema, type InferSchemaType, type Types } from 'mongoose'
import { type Complete, defineModel } from './define-model.server.ts'

/** A top-up that is being paid. Its number is part of every key at Stripe, so that it is paid once. */
const openTopUpSchema = new Schema(
  {
    number: { type: Number, required: true },
    pack: { type: String, required: true },
    /** What it costs, in minor units: the price, and with tax once the invoice is finalized. */
    amount: { type: Number, required: true },
    begunAt: { type: Date, required: true },
    stripeInvoiceId: { type: String, default: null },
    /** Stripe's page where the customer can pay it. */
    url: { type: String, default: null },
    /** Until when its process may work on it, or until when it waits for the customer. */
    leaseUntil: { type: Date, required: true },
  },
  { _id: false, strict: 'throw' },
)

/** A user's automatic top-up: its terms, what it has cost this month, and the one that is being paid. */
const topUpSchema = new Schema(
  {
    /** The user's id. */
    _id: { type: Schema.Types.ObjectId, required: true },
    pack: { type: String, required: true },
    /** Credits: a balance below it is topped up. */
    below: { type: Number, required: true },
    /** In a UTC month. */
    timesMax: { type: Number, required: true },
    /** In minor units of `currency`, in a UTC month, with tax. */
    amountMax: { type: Number, required: true },
    currency: { type: String, required: true },
    status: { type: String, enum: ['on', 'paused', 'off'], required: true },
    /** Why it is paused. */
    reason: { type: String, enum: ['confirmation', 'declined', 'no_card', 'refused', null], default: null },
    /** What is paid and being paid in the UTC month that starts then. */
    month: {
      type: new Schema(
        { start: { type: Date, required: true }, times: Number, amount: Number },
        { _id: false, strict: 'throw' },
      ),
      required: true,
    },
    /** Of the last one that was begun; never used again. */
    number: { type: Number, required: true },
    open: { type: openTopUpSchema, default: null },
    /** In a row. */
    declines: { type: Number, required: true },
    /** Not before: after a decline, or in the next month. */
    nextTryAt: { type: Date, default: null },
    changedAt: { type: Date, required: true },
    /** The fence of every write: a new random id each time. */
    version: { type: String, required: true },
  },
  { collection: 'top_ups', strict: 'throw', autoIndex: false },
)

// Finds top-ups of processes that died, and those to try again.
topUpSchema.index({ 'open.leaseUntil': 1 }, { sparse: true })
topUpSchema.index({ nextTryAt: 1 }, { sparse: true })
// Finds the top-up of an invoice.
topUpSchema.index({ 'open.stripeInvoiceId': 1 }, { sparse: true })

export type OpenTopUp = Complete<InferSchemaType<typeof openTopUpSchema>>
type Stored = InferSchemaType<typeof topUpSchema>
export type TopUp = Omit<Complete<Stored>, 'open' | 'month'> & {
  _id: Types.ObjectId
  month: { start: Date; times: number; amount: number }
  open: OpenTopUp | null
}
export const TopUpModel = defineModel<TopUp>('TopUp', topUpSchema)
