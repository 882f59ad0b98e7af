import { type InferSchemaType, Schema } from 'mongoose'
import { defineModel } from './define-model.server.ts'

/** A log-in: the cookie carries only the signed id, so that logging out ends it for a copied cookie too. */
const sessionSchema = new Schema(
  {
    _id: { type: String, required: true },
    data: { type: Schema.Types.Mixed, required: true },
    userId: { type: Schema.Types.ObjectId, default: null },
    /** "Firefox on Windows" */
    browser: { type: String, default: null },
    /** The client's address, or its network, when it was last seen. */
    network: { type: String, default: null },
    /** To within some minutes. */
    lastSeenAt: { type: Date, default: null },
    expiresAt: { type: Date, required: true },
  },
  { collection: 'sessions', strict: 'throw', autoIndex: false, minimize: false },
)

sessionSchema.index({ userId: 1 })
// Housekeeping only: every read checks expiresAt itself, because the TTL monitor may run late or never.
sessionSchema.index({ expiresAt: 1 }, { expireAfterSeconds: 0 })

export type SessionRecord = InferSchemaType<typeof sessionSchema>
export const SessionModel = defineModel<SessionRecord>('Session', sessionSchema)
