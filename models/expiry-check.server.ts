import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** When an account has to be checked for credits that expire soon; deleted once it was. */
const expiryCheckSchema = new Schema(
  {
    /** The account and the time, so that planning a check twice plans one. */
    _id: { type: String, required: true },
    accountId: { type: Schema.Types.ObjectId, required: true },
    at: { type: Date, required: true },
  },
  { collection: 'expiry_checks', strict: 'throw', autoIndex: false },
)

expiryCheckSchema.index({ at: 1 })

export type ExpiryCheck = InferSchemaType<typeof expiryCheckSchema>
export const ExpiryCheckModel = defineModel<ExpiryCheck>('ExpiryCheck', expiryCheckSchema)
