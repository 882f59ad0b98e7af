import { Schema, type Types } from 'mongoose'
import type { EntryKind, LogEntry } from './credit-account.server.ts'
import { defineModel, driverCollection } from './define-model.server.ts'

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

/**
 * The kinds that concern a grant or a payment: all but spends and holds. Their indexes omit the others, since each index
 * slows a spend. A query uses such an index only if it has the very same condition.
 */
export const RARE_KINDS: EntryKind[] = [
  'grant',
  'schedule',
  'activate',
  'cancel-schedule',
  'expire',
  'cap',
  'reversal',
  'restore',
  'adjust',
]

/** The kinds that grant what was paid for. */
export const GRANTING_KINDS: EntryKind[] = ['grant', 'schedule', 'adjust']

// Written and read through the plain driver, like the account.
const creditEntrySchema = new Schema<CreditEntry>(
  {},
  { collection: 'credit_entries', strict: 'throw', autoIndex: false, autoCreate: false },
)

creditEntrySchema.index({ accountId: 1, seq: -1 }, { unique: true })
// The list of one action, also where nothing matches.
creditEntrySchema.index(
  { accountId: 1, action: 1, seq: -1 },
  { partialFilterExpression: { action: { $exists: true } } },
)
const rare = { partialFilterExpression: { kind: { $in: RARE_KINDS } } }
creditEntrySchema.index({ accountId: 1, kind: 1, seq: -1 }, rare)
// A reversal reads what its source has granted and what has been taken back of it.
creditEntrySchema.index({ accountId: 1, 'source.id': 1 }, rare)
creditEntrySchema.index({ accountId: 1, 'of.id': 1 }, { partialFilterExpression: { 'of.id': { $exists: true } } })
// The audit reads what every payment has granted.
creditEntrySchema.index({ kind: 1, 'source.type': 1 }, { partialFilterExpression: { kind: { $in: GRANTING_KINDS } } })

export const CreditEntryModel = defineModel<CreditEntry>('CreditEntry', creditEntrySchema)

/** The plain driver's collection. */
export const creditEntries = () => driverCollection<CreditEntry>(CreditEntryModel)
