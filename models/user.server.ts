import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { type BillingDetails, billingDetailsSchema } from './billing-details.server.ts'
import { defineModel } from './define-model.server.ts'

/** An invoice that is not paid. */
const owedInvoiceSchema = new Schema(
  {
    stripeInvoiceId: { type: String, required: true },
    /** Minor units: the unpaid part. */
    amount: { type: Number, required: true },
    at: { type: Date, required: true },
    url: { type: String, default: null },
  },
  { _id: false, strict: 'throw' },
)

/** Stripe's subscription as last read. None, or one whose id is null, means the plan `Free`. */
const subscriptionSchema = new Schema(
  {
    stripeSubscriptionId: { type: String, default: null },
    plan: { type: String, required: true },
    /** `plan` as last synced from Stripe: the audit reports a later edit. */
    syncedPlan: { type: String, default: null },
    /** The billing interval: every `intervalCount` of `interval`. */
    interval: { type: String, enum: ['day', 'week', 'month', 'year', null], default: null },
    intervalCount: { type: Number, default: null },
    status: { type: String, required: true },
    currentPeriodStart: { type: Date, default: null },
    currentPeriodEnd: { type: Date, default: null },
    cancelAtPeriodEnd: { type: Boolean, default: false },
    /** When it ends: in this period, or in a later one after renewals. */
    cancelAt: { type: Date, default: null },
    gracePeriodEnd: { type: Date, default: null },
    trialEnd: { type: Date, default: null },
    /** Stripe shows a trial, but the customer has paid before: free time, not a trial. */
    isFreeTime: { type: Boolean, default: null },
    /** Stripe's `pause_collection`: the plan stays, and nothing is collected. */
    collectionPaused: { type: Boolean, default: false },
    /** The open payment needs the bank's confirmation, not another card. */
    confirmationAsked: { type: Boolean, default: false },
    collectionResumesAt: { type: Date, default: null },
    /** The plan change at the end of the period. */
    scheduledChange: {
      type: new Schema(
        {
          plan: { type: String, required: true },
          interval: { type: String, enum: ['day', 'week', 'month', 'year'], required: true },
          intervalCount: { type: Number, default: null },
          at: { type: Date, required: true },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** The next charge, in minor units before the customer's balance, and its credits; null if none, or unknown. */
    nextPayment: {
      type: new Schema(
        {
          amount: { type: Number, required: true },
          currency: { type: String, required: true },
          credits: { type: Number, required: true },
          at: { type: Date, required: true },
          /** False if tax is added. */
          isExact: { type: Boolean, required: true },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** The price of each period, with permanent coupons. */
    price: {
      type: new Schema(
        {
          amount: { type: Number, required: true },
          currency: { type: String, required: true },
          interval: { type: String, enum: ['day', 'week', 'month', 'year'], required: true },
          intervalCount: { type: Number, required: true },
          /** Granted at payment. */
          credits: { type: Number, required: true },
          isExact: { type: Boolean, required: true },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** The amount due while a payment is overdue: the sum of all open invoices, and the newest of them. */
    owed: {
      type: new Schema(
        {
          /** Minor units. */
          amount: { type: Number, required: true },
          currency: { type: String, required: true },
          stripeInvoiceId: { type: String, required: true },
          at: { type: Date, required: true },
          /** Stripe's page where it can be paid. */
          url: { type: String, default: null },
          /** The older ones, newest first. */
          older: { type: [owedInvoiceSchema], default: undefined },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** A hash of the terms under which no other item was pending for the next invoice at Stripe. */
    nothingElseWaits: { type: String, default: null },
    /** Why it ended: `cancellation_requested`, `payment_failed`, … */
    endedReason: { type: String, default: null },
    /** Duplicates that were canceled in its favor. */
    previousSubscriptionIds: { type: [String], default: [] },
    /** The newest one that ended: a late event never revives it. */
    endedSubscriptionId: { type: String, default: null },
    /** When Stripe created the event that this comes from, if Stripe itself does not know the subscription. */
    toldAt: { type: Date, default: null },
    /** The fence of every write to the subscription: a new random id each time, never a counter. */
    version: { type: String, required: true },
  },
  { _id: false, strict: 'throw' },
)

/** The customer's balance at Stripe as last read, in minor units: below zero is in the customer's favor. */
const stripeBalanceSchema = new Schema(
  {
    amount: { type: Number, required: true },
    currency: { type: String, required: true },
    at: { type: Date, required: true },
    /** The fence of every write to it. */
    version: { type: String, required: true },
  },
  { _id: false, strict: 'throw' },
)

/** A subscription that was canceled in favor of another one, for the customer's notice. */
const canceledDuplicateSchema = new Schema(
  {
    stripeSubscriptionId: { type: String, required: true },
    plan: { type: String, required: true },
    keptPlan: { type: String, required: true },
    /** Credited to the customer's balance for unused time, in minor units. */
    amount: { type: Number, required: true },
    currency: { type: String, required: true },
    /** The credits taken back for that. */
    credits: { type: Number, required: true },
    at: { type: Date, required: true },
  },
  { _id: false, strict: 'throw' },
)

export type CanceledDuplicate = InferSchemaType<typeof canceledDuplicateSchema>

/** Which optional mails a user wants; app/notifications/settings.ts has the defaults. */
const notificationSettingsSchema = new Schema(
  {
    creditsLow: { type: Boolean, required: true },
    creditsLowThreshold: { type: Number, required: true },
    creditsArrived: { type: Boolean, required: true },
    trialEnding: { type: Boolean, required: true },
    changedAt: { type: Date, required: true },
  },
  { _id: false, strict: 'throw' },
)

const userSchema = new Schema(
  {
    email: { type: String, required: true, lowercase: true, trim: true },
    /** When the address was confirmed; null until then. Users from before confirmations lack the field. */
    emailConfirmedAt: { type: Date, default: null },
    passwordHash: { type: String, required: true, select: false },
    name: { type: String, default: '' },
    roles: { type: [String], default: [] },
    timeZone: { type: String, default: 'UTC' },
    stripeCustomerId: { type: String },
    subscription: { type: subscriptionSchema, default: null },
    /** When a sync last changed it. */
    subscriptionChangedAt: { type: Date },
    stripeBalance: { type: stripeBalanceSchema, default: null },
    billingDetails: { type: billingDetailsSchema, default: null },
    /** The last few. */
    canceledDuplicates: { type: [canceledDuplicateSchema], default: [] },
    notificationSettings: { type: notificationSettingsSchema, default: null },
    /** Bumped to end every session of the user at once. */
    sessionEpoch: { type: Number, default: 0 },
    /** Bumped to revoke every API key of the user at once. */
    apiKeyEpoch: { type: Number, default: 0 },
    /** The one reset link that works: the SHA-256 of its secret, and until when. */
    passwordReset: {
      type: new Schema(
        { hash: { type: String, required: true }, expiresAt: { type: Date, required: true } },
        { _id: false },
      ),
      default: null,
      select: false,
    },
    createdAt: { type: Date, required: true },
  },
  { collection: 'users', strict: 'throw', autoIndex: false },
)

userSchema.index({ email: 1 }, { unique: true })
userSchema.index(
  { stripeCustomerId: 1 },
  { unique: true, partialFilterExpression: { stripeCustomerId: { $type: 'string' } } },
)
userSchema.index({ 'subscription.stripeSubscriptionId': 1 })
// Finds payments past their grace period.
userSchema.index(
  { 'subscription.gracePeriodEnd': 1 },
  { partialFilterExpression: { 'subscription.status': 'past_due' } },
)
// A detached payment method no longer names its customer.
userSchema.index({ 'billingDetails.paymentMethod.stripePaymentMethodId': 1 }, { sparse: true })
// Finds users whose unused credits a renewal will cap soon.
userSchema.index({ 'subscription.currentPeriodEnd': 1 }, { sparse: true })
// Finds users whose next renewal, and so what it caps, may have changed.
userSchema.index({ subscriptionChangedAt: 1 }, { sparse: true })

type Stored = InferSchemaType<typeof userSchema>
type StoredSubscription = NonNullable<Stored['subscription']>

type OwedSum = Omit<NonNullable<StoredSubscription['owed']>, 'older'> & {
  older?: InferSchemaType<typeof owedInvoiceSchema>[] | null
}

export type User = Omit<Stored, 'billingDetails' | 'canceledDuplicates' | 'subscription'> & {
  _id: Types.ObjectId
  subscription?: (Omit<StoredSubscription, 'owed'> & { owed?: OwedSum | null }) | null
  /** Missing in users from before these were stored. */
  billingDetails?: BillingDetails | null
  canceledDuplicates?: CanceledDuplicate[]
}
export const UserModel = defineModel<User>('User', userSchema)
