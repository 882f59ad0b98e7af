import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** One mail to a user: the outbox. Its id is its cause, so a repeated cause queues no second mail. */
const notificationSchema = new Schema(
  {
    /** `<kind>:<id of the cause>`. */
    _id: { type: String, required: true },
    userId: { type: Schema.Types.ObjectId, required: true },
    kind: { type: String, required: true },
    /** What the kind's schema in app/notifications/kinds.ts asks for. */
    data: { type: Schema.Types.Mixed, required: true },
    /**
     * `queued` and `failed` are tried at `nextAttemptAt`. `sending`: handed to the mail server. `unconfirmed`: the outcome
     * of that is unknown, so a person decides. `dead`: given up. `suppressed`: not wanted, or no longer true.
     */
    status: {
      type: String,
      enum: ['queued', 'sending', 'sent', 'failed', 'unconfirmed', 'dead', 'suppressed'],
      required: true,
    },
    attempts: { type: Number, required: true },
    /** When the last attempt was due, once it is sent or suppressed; far in the future once its content is deleted. */
    nextAttemptAt: { type: Date, required: true },
    /** The process that sends it, and until when by the database's clock. */
    leaseId: { type: String, default: null },
    leaseUntil: { type: Date, default: null },
    /** The address that it was sent to. */
    to: { type: String, default: null },
    lastError: { type: String, default: null },
    /** One sentence: why it was given up, held back or left for a person. */
    outcome: { type: String, default: null },
    createdAt: { type: Date, required: true },
    /** When its cause happened: a reader's mails go out in this order. Missing in mails from before it was stored. */
    happenedAt: { type: Date },
    sentAt: { type: Date, default: null },
  },
  { collection: 'notifications', strict: 'throw', autoIndex: false },
)

notificationSchema.index({ status: 1, nextAttemptAt: 1 })
notificationSchema.index({ userId: 1, createdAt: -1 })

export type Notification = Omit<InferSchemaType<typeof notificationSchema>, 'data'> & {
  _id: string
  data: Record<string, unknown>
}
export const NotificationModel = defineModel<Notification>('Notification', notificationSchema)
