import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** A key of the JSON API. Only its SHA-256 is kept; the key itself is shown once. */
const apiKeySchema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, required: true },
    name: { type: String, required: true },
    prefix: { type: String, required: true },
    hash: { type: String, required: true, select: false },
    /** The user's `apiKeyEpoch` at creation: when the user's has moved on, the key is revoked. */
    epoch: { type: Number, default: 0 },
    createdAt: { type: Date, required: true },
    lastUsedAt: { type: Date, default: null },
    revokedAt: { type: Date, default: null },
  },
  { collection: 'api_keys', strict: 'throw', autoIndex: false },
)

apiKeySchema.index({ hash: 1 }, { unique: true })
apiKeySchema.index({ userId: 1, createdAt: -1 })

export type ApiKey = InferSchemaType<typeof apiKeySchema> & { _id: Types.ObjectId }
export const ApiKeyModel = defineModel<ApiKey>('ApiKey', apiKeySchema)
