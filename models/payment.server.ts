import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { type PurchasedLine, purchasedLineSchema } from './purchased-line.server.ts'
import { defineModel } from './define-model.server.ts'

/** A one-time purchase of a credit pack, once per Stripe payment intent. */
const paymentSchema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, required: true },
    stripeCustomerId: { type: String, required: true },
    stripePaymentIntentId: { type: String, required: true },
    stripeCheckoutSessionId: { type: String, default: null },
    pack: { type: String, required: true },
    quantity: { type: Number, required: true, default: 1 },
    /** In minor units of `currency`. */
    amount: { type: Number, required: true },
    amountRefunded: { type: Number, default: 0 },
    /** Credits reversed for refunds and disputes. Rows from before this was stored lack it. */
    creditsReversed: { type: Number, default: 0 },
    currency: { type: String, required: true },
    creditsAdded: { type: Number, required: true },
    /** All purchased lines, `pack` being the first. Rows from before this was stored lack them. */
    lines: { type: [purchasedLineSchema], default: undefined },
    status: {
      type: String,
      enum: ['paid', 'refunded', 'partially_refunded', 'disputed', 'dispute_lost'],
      required: true,
    },
    paidAt: { type: Date, required: true },
    receiptUrl: { type: String, default: null },
  },
  { collection: 'payments', strict: 'throw', autoIndex: false },
)

paymentSchema.index({ stripePaymentIntentId: 1 }, { unique: true })
paymentSchema.index({ userId: 1, paidAt: -1 })

export type Payment = Omit<InferSchemaType<typeof paymentSchema>, 'lines'> & {
  _id: Types.ObjectId
  lines?: PurchasedLine[] | null
}
export const PaymentModel = defineModel<Payment>('Payment', paymentSchema)
