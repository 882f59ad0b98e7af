import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** The readers whose mails are being sent: one process sends one reader's mails, in order. */
const mailTurnSchema = new Schema(
  {
    /** The reader. */
    _id: { type: Schema.Types.ObjectId, required: true },
    leaseId: { type: String, default: null },
    /** By the database's clock. */
    leaseUntil: { type: Date, required: true },
  },
  { collection: 'mail_turns', strict: 'throw', autoIndex: false },
)

export type MailTurn = InferSchemaType<typeof mailTurnSchema>
export const MailTurnModel = defineModel<MailTurn>('MailTurn', mailTurnSchema)
