import { Schema, type Types } from 'mongoose'
import type { EntryKind } from './credit-account.server.ts'
import { defineModel, driverCollection } from './define-model.server.ts'

/**
 * The sums of an account's ledger rows of one UTC day, so that a page need not read the rows. They follow from the ledger
 * alone, and the audit compares them with it.
 */
export interface CreditDay {
  /** `<accountId>:<2026-05-01>`. */
  _id: string
  accountId: Types.ObjectId
  /** Midnight, UTC. */
  day: Date
  /** Contains each row of the day with a smaller `seq`, and no other: the fence of its updates. */
  upTo: number
  /** The smallest and the greatest `seq` of its rows. */
  first: number
  last: number
  sums: QuarterSums[]
}

/** The credits that one kind of entry moved, for one action, by quarter hour: days begin at one in every time zone. */
export interface QuarterSums {
  kind: EntryKind
  action?: string
  /** The quarter hours of the day, 0 to 95, that have entries; `gained` and `lost` are in the same order. */
  quarters: number[]
  gained: number[]
  lost: number[]
}

// Written and read through the plain driver, like the ledger.
const creditDaySchema = new Schema<CreditDay>(
  {},
  { collection: 'credit_days', strict: 'throw', autoIndex: false, autoCreate: false },
)

creditDaySchema.index({ accountId: 1, day: 1 }, { unique: true })

export const CreditDayModel = defineModel<CreditDay>('CreditDay', creditDaySchema)

/** The plain driver's collection. */
export const creditDays = () => driverCollection<CreditDay>(CreditDayModel)
