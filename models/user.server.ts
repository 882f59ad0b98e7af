import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { type BillingDetails, billingDetailsSchema } from './billing-details.server.ts'
import { defineModel } from './define-model.server.ts'

/** An invoice that is not paid. */
const owedInvoiceSchema = new Schema(
  {
    stripeInvoiceId: { type: String, required: true },
    /** Minor units: what is left of it. */
    amount: { type: Number, required: true },
    at: { type: Date, required: true },
    url: { type: String, default: null },
  },
  { _id: false, strict: 'throw' },
)

/** Stripe's subscription as Scrip last saw it. None, or one whose id is cleared, means plan `Free`. */
const subscriptionSchema = new Schema(
  {
    stripeSubscriptionId: { type: String, default: null },
    plan: { type: String, required: true },
    /** `plan` as it was last written from Stripe: the audit notices where somebody has edited it since. */
    syncedPlan: { type: String, default: null },
    /** How often it is paid: every `intervalCount` of `interval`. */
    interval: { type: String, enum: ['day', 'week', 'month', 'year', null], default: null },
    intervalCount: { type: Number, default: null },
    status: { type: String, required: true },
    currentPeriodStart: { type: Date, default: null },
    currentPeriodEnd: { type: Date, default: null },
    cancelAtPeriodEnd: { type: Boolean, default: false },
    /** The day it ends: with this period, within it, or in a later one, after it has been renewed. */
    cancelAt: { type: Date, default: null },
    gracePeriodEnd: { type: Date, default: null },
    trialEnd: { type: Date, default: null },
    /** What Stripe shows as a trial was given to somebody who has paid: free time, and no trial. */
    isFreeTime: { type: Boolean, default: null },
    /** The plan stays and nothing is collected: Stripe's `pause_collection`, and until when where that is set. */
    collectionPaused: { type: Boolean, default: false },
    /** What is owed waits for the bank's customer, not for another card. */
    confirmationAsked: { type: Boolean, default: false },
    collectionResumesAt: { type: Date, default: null },
    /** What takes over when the period ends. */
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
    /**
     * What it will charge next and the credits that come with it, in minor units, before the customer's balance. None where
     * nothing is charged, or nobody can say how much.
     */
    nextPayment: {
      type: new Schema(
        {
          amount: { type: Number, required: true },
          currency: { type: String, required: true },
          credits: { type: Number, required: true },
          at: { type: Date, required: true },
          /** False where tax comes on top. */
          isExact: { type: Boolean, required: true },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** What each of its periods costs, with the coupons that last. */
    price: {
      type: new Schema(
        {
          amount: { type: Number, required: true },
          currency: { type: String, required: true },
          interval: { type: String, enum: ['day', 'week', 'month', 'year'], required: true },
          intervalCount: { type: Number, required: true },
          /** Those that come when it is paid. */
          credits: { type: Number, required: true },
          isExact: { type: Boolean, required: true },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** What is owed while a payment is overdue: the sum of all open invoices, and the newest of them. */
    owed: {
      type: new Schema(
        {
          /** Minor units. */
          amount: { type: Number, required: true },
          currency: { type: String, required: true },
          stripeInvoiceId: { type: String, required: true },
          at: { type: Date, required: true },
          /** Stripe's page of it, where it can be paid. */
          url: { type: String, default: null },
          /** Those before it, the newest first. */
          older: { type: [owedInvoiceSchema], default: undefined },
        },
        { _id: false, strict: 'throw' },
      ),
      default: null,
    },
    /** A hash of the terms for which Stripe was asked what else waits for the next invoice, and nothing did. */
    nothingElseWaits: { type: String, default: null },
    /** Why it ended: `cancellation_requested`, `payment_failed`, … */
    endedReason: { type: String, default: null },
    /** Others that lived beside it and were canceled in its favor. */
    previousSubscriptionIds: { type: [String], default: [] },
    /** The newest one that ended: no late word about it brings it back. */
    endedSubscriptionId: { type: String, default: null },
    /** When Stripe said this in an event, where that is all there is: Stripe itself does not know the subscription. */
    toldAt: { type: Date, default: null },
    /** The fence of every write to the subscription: a fresh random id each time, never a counter. */
    version: { type: String, required: true },
  },
  { _id: false, strict: 'throw' },
)

/**
 * The customer's balance at Stripe as it was last read, in minor units and with Stripe's sign: below zero is money in the
 * customer's favor, which pays invoices; above zero is added to the next one.
 */
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

/** A subscription that was bought beside another one, and canceled in its favor: what its customer is told. */
const canceledDuplicateSchema = new Schema(
  {
    stripeSubscriptionId: { type: String, required: true },
    plan: { type: String, required: true },
    keptPlan: { type: String, required: true },
    /** What went to the customer's balance for its unused time, in minor units. */
    amount: { type: Number, required: true },
    currency: { type: String, required: true },
    /** Credits that went with that. */
    credits: { type: Number, required: true },
    at: { type: Date, required: true },
  },
  { _id: false, strict: 'throw' },
)

export type CanceledDuplicate = InferSchemaType<typeof canceledDuplicateSchema>

/** Which mails a user wants, beyond those that every customer gets; what is missing is as app/notifications/settings.ts says. */
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
    /** When its owner proved to get its mail; null until then. Users from before there was a proof lack the field. */
    emailConfirmedAt: { type: Date, default: null },
    passwordHash: { type: String, required: true, select: false },
    name: { type: String, default: '' },
    roles: { type: [String], default: [] },
    timeZone: { type: String, default: 'UTC' },
    stripeCustomerId: { type: String },
    subscription: { type: subscriptionSchema, default: null },
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
// A payment method that was detached no longer says whose it was.
userSchema.index({ 'billingDetails.paymentMethod.stripePaymentMethodId': 1 }, { sparse: true })
// Finds those whose unused credits a renewal will hold to a limit soon.
userSchema.index({ 'subscription.currentPeriodEnd': 1 }, { sparse: true })

type Stored = InferSchemaType<typeof userSchema>
type StoredSubscription = NonNullable<Stored['subscription']>

/** What is owed, as plain data. */
type OwedSum = Omit<NonNullable<StoredSubscription['owed']>, 'older'> & {
  older?: InferSchemaType<typeof owedInvoiceSchema>[] | null
}

export type User = Omit<Stored, 'billingDetails' | 'canceledDuplicates' | 'subscription'> & {
  _id: Types.ObjectId
  subscription?: (Omit<StoredSubscription, 'owed'> & { owed?: OwedSum | null }) | null
  /** Users from before these were kept have none. */
  billingDetails?: BillingDetails | null
  canceledDuplicates?: CanceledDuplicate[]
}
export const UserModel = defineModel<User>('User', userSchema)
