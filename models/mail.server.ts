import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** A mail that local mode kept for its mailbox page instead of sending it. */
const mailSchema = new Schema(
  {
    to: { type: String, required: true },
    subject: { type: String, required: true },
    text: { type: String, required: true },
    html: { type: String, default: null },
    sentAt: { type: Date, required: true },
  },
  { collection: 'mailbox', strict: 'throw', autoIndex: false },
)

mailSchema.index({ sentAt: -1 })

export type Mail = InferSchemaType<typeof mailSchema> & { _id: Types.ObjectId }
export const MailModel = defineModel<Mail>('Mail', mailSchema)
