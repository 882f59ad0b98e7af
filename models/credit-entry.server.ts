import { type mongo, Schema, type Types } from 'mongoose'
import type { LogEntry } from './credit-account.server.ts'
import { defineModel } from './define-model.server.ts'

/** One row of the append-only ledger: a log entry, numbered, with the balance after it and the grants that it burned. */
export interface CreditEntry extends LogEntry {
  /** `<accountId>:<key>`. */
  _id: string
  accountId: Types.ObjectId
  /** Counts an account's entries from 0 without a gap. */
  seq: number
  /** `credits + held` after this entry. */
  balance: number
  burned: [grantId: string, credits: number][]
}

// Written and read through the plain driver, like the account.
const creditEntrySchema = new Schema<CreditEntry>(
  {},
  { collection: 'credit_entries', strict: 'throw', autoIndex: false, autoCreate: false },
)

creditEntrySchema.index({ accountId: 1, seq: -1 }, { unique: true })
// The usage page and its chart read a stretch of time.
creditEntrySchema.index({ accountId: 1, at: -1 })
// A reversal reads what its source has granted and what has been taken back of it.
creditEntrySchema.index({ accountId: 1, 'source.id': 1 })
creditEntrySchema.index({ accountId: 1, 'of.id': 1 })
creditEntrySchema.index({ kind: 1, 'source.type': 1 })

export const CreditEntryModel = defineModel<CreditEntry>('CreditEntry', creditEntrySchema)

/** The plain driver's collection. */
export const creditEntries = () => CreditEntryModel.collection as unknown as mongo.Collection<CreditEntry>
