import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { type PurchasedLine, purchasedLineSchema } from './purchased-line.server.ts'
import { defineModel } from './define-model.server.ts'

/** One row per paid invoice: its unique id keeps a payment from counting twice. */
const billingHistorySchema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, required: true },
    stripeCustomerId: { type: String, required: true },
    stripeSubscriptionId: { type: String, default: null },
    stripeInvoiceId: { type: String, required: true },
    /** As printed. Rows from before it was stored lack it. */
    stripeInvoiceNumber: { type: String, default: null },
    /** If the invoice names it: a refund may name nothing else. */
    stripePaymentIntentId: { type: String, default: null },
    planName: { type: String, required: true },
    /** The billing interval: every `intervalCount` of `interval`. */
    interval: { type: String, enum: ['day', 'week', 'month', 'year', null], default: null },
    intervalCount: { type: Number, default: null },
    /** Stripe's `amount_paid`, in minor units of `currency`. */
    amount: { type: Number, required: true },
    /** Returned by refunds and credit notes, in the same unit. */
    amountRefunded: { type: Number, default: 0 },
    /** Credits reversed for refunds, credit notes and disputes. Rows from before this was stored lack it. */
    creditsReversed: { type: Number, default: 0 },
    currency: { type: String, required: true },
    /** What its entries grant: the sum over `lines`. */
    creditsAdded: { type: Number, required: true },
    /** All purchased lines. Rows from before this was stored lack them. */
    lines: { type: [purchasedLineSchema], default: undefined },
    status: {
      type: String,
      enum: ['active', 'cancelled', 'refunded', 'partially_refunded', 'disputed', 'dispute_lost', 'ended'],
      required: true,
    },
    statusReason: { type: String, default: null },
    billingReason: { type: String, default: null },
    transactionDate: { type: Date, required: true },
    periodStart: { type: Date, default: null },
    periodEnd: { type: Date, default: null },
    isCurrentSubscription: { type: Boolean, required: true, default: false },
    hostedInvoiceUrl: { type: String, default: null },
    invoicePdf: { type: String, default: null },
  },
  { collection: 'billing_history', strict: 'throw', autoIndex: false },
)

billingHistorySchema.index({ stripeInvoiceId: 1 }, { unique: true })
billingHistorySchema.index({ userId: 1, transactionDate: -1 })
billingHistorySchema.index({ stripeSubscriptionId: 1 })
billingHistorySchema.index({ stripePaymentIntentId: 1 })

export type BillingHistory = Omit<InferSchemaType<typeof billingHistorySchema>, 'lines'> & {
  _id: Types.ObjectId
  lines?: PurchasedLine[] | null
}
export const BillingHistoryModel = defineModel<BillingHistory>('BillingHistory', billingHistorySchema)
