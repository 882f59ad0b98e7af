import { type InferSchemaType, Schema, type Types } from 'mongoose'
import { defineModel } from './define-model.server.ts'

const API_SCOPES = ['read', 'spend'] as const

export type ApiScope = (typeof API_SCOPES)[number]

/** A key of the JSON API. Only its SHA-256 is kept; the key itself is shown once. */
const apiKeySchema = new Schema(
  {
    userId: { type: Schema.Types.ObjectId, required: true },
    name: { type: String, required: true },
    prefix: { type: String, required: true },
    hash: { type: String, required: true, select: false },
    /** What it may do; set at creation and never changed. Missing in keys from before scopes, which have all of them. */
    scopes: { type: [String], enum: API_SCOPES, default: undefined },
    /** The user's `apiKeyEpoch` at creation: when the user's has moved on, the key is revoked. */
    epoch: { type: Number, default: 0 },
    createdAt: { type: Date, required: true },
    /** From when on it is refused; null or missing for never. */
    expiresAt: { type: Date, default: null },
    /** When its owner is to be told that it expires; null if that is done, or not needed. */
    noticeAt: { type: Date, default: null },
    /** The key that replaces this one, which then works for one more day. */
    rotatedTo: { type: Schema.Types.ObjectId, default: null },
    /** The first key of a chain of rotations, whose spending caps they share; null for itself. */
    firstId: { type: Schema.Types.ObjectId, default: null },
    lastUsedAt: { type: Date, default: null },
    revokedAt: { type: Date, default: null },
  },
  { collection: 'api_keys', strict: 'throw', autoIndex: false },
)

apiKeySchema.index({ hash: 1 }, { unique: true })
apiKeySchema.index({ userId: 1, createdAt: -1 })
// Finds keys whose owner is to be told that they expire.
apiKeySchema.index({ noticeAt: 1 }, { partialFilterExpression: { noticeAt: { $type: 'date' } } })

export type ApiKey = Omit<InferSchemaType<typeof apiKeySchema>, 'scopes'> & {
  _id: Types.ObjectId
  scopes?: ApiScope[]
}
export const ApiKeyModel = defineModel<ApiKey>('ApiKey', apiKeySchema)
