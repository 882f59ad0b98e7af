import { Schema, type Types } from 'mongoose'
import { defineModel, driverCollection } from './define-model.server.ts'

/** Means "never" in `expiresAt` and `nextChange`, so that comparisons work, as they would not with null. */
export const NEVER = new Date('9999-12-31T23:59:59.999Z')

export type GrantCategory = 'paid' | 'promotional'

/** Where an entry comes from: the invoice, payment, welcome, action, hold, refund, dispute or administrator behind it. */
export interface EntrySource {
  type: 'invoice' | 'payment' | 'welcome' | 'action' | 'hold' | 'refund' | 'dispute' | 'admin' | 'system'
  id: string
  reason?: string
}

export interface ReservedSlice {
  hold: string
  amount: number
}

export interface Grant {
  id: string
  source: EntrySource
  category: GrantCategory
  /** 0 burns first, 100 last; 50 is the default. */
  priority: number
  granted: number
  remaining: number
  reserved: ReservedSlice[]
  started: boolean
  expired: boolean
  effectiveAt: Date
  expiresAt: Date
  createdAt: Date
  rollover?: Rollover
}

/**
 * What happens to a plan's unused credits. Stored with the grant, so that neither another plan nor an edited plan file
 * changes it. Credits without it (packs, gifts) have no cap.
 */
export interface Rollover {
  /** The plan that they were granted under. */
  plan: string
  /** How many of the plan's credits under the same limit stay when a later period begins; null for all. */
  limit: number | null
  /** The start of the period they were bought for: for a later period they are left over. */
  periodStart: Date
  /** A period begins with this grant, and the caps apply to what is left of earlier ones. */
  renews: boolean
}

/** A grant as its entry creates it. */
export type GrantTerms = Omit<Grant, 'remaining' | 'reserved' | 'started' | 'expired'>

export interface Hold {
  id: string
  amount: number
  action: string
  expiresAt: Date
  createdAt: Date
  /** The plan limit that it counts against, and the period it was counted in. */
  limit?: { name: string; resetsAt: Date }
  /** The spending caps that it counts against, as the ends of the periods it was counted in. */
  countedUntil?: CapRecord<Date>
}

export type EntryKind =
  | 'grant'
  | 'schedule'
  | 'activate'
  | 'cancel-schedule'
  | 'spend'
  | 'hold'
  | 'capture'
  | 'release'
  | 'expire'
  | 'cap'
  | 'reversal'
  | 'restore'
  | 'adjust'

/** One operation in an account's log. `amount` is signed and is what the entry does to `credits + held`. */
export interface LogEntry {
  key: string
  kind: EntryKind
  amount: number
  at: Date
  source: EntrySource
  action?: string
  metadata?: Record<string, string>
  /** `grant` and `schedule`: the terms; every kind that concerns one grant, or takes from it first, names it in `grantId`. */
  grant?: GrantTerms
  grantId?: string
  /** `cap`: the limit that they exceeded, and its plan. */
  above?: Pick<Rollover, 'plan' | 'limit'>
  /** `hold`, `capture`, `release`: which hold; `holds` is how much a `hold` sets aside. */
  hold?: string
  holds?: number
  holdExpiresAt?: Date
  /** `reversal`, `cancel-schedule`, `restore`: the source whose grants it takes back, or gives back to. */
  of?: { type: EntrySource['type']; id: string }
  /** `cancel-schedule`: how many credits of a scheduled grant are canceled. */
  cancels?: number
  /**
   * `reversal`: the money returned of the money paid, in the same minor units, and the amounts known to be for parts of
   * the purchase. A `restore` that replaces a reversal has it too.
   */
  money?: { amount: number; paid: number; parts?: { id: string; amount: number }[] }
  /** The key of the reversal that it undoes or replaces. */
  undoes?: string
}

export interface LimitCounter {
  used: number
  resetsAt: Date
}

/** UTC days and months. */
export type CapPeriod = 'day' | 'month'
/** A cap of the whole account, or of one spender. */
export type CapName = CapPeriod | `${CapPeriod}_${string}`
export type CapRecord<T> = { [Name in CapName]?: T }

/** How many credits the owner lets be spent in a period. What is held counts as spent. */
export interface SpendingCap {
  max: number
  used: number
  resetsAt: Date
}

/** All credits of one owner, which change together: see app/credits/README.md. */
export interface CreditAccount {
  /** The owner's id. */
  _id: Types.ObjectId
  credits: number
  held: number
  holds: Hold[]
  nextChange: Date
  /** A new random id at every write but a spend: the fence. */
  version: string
  frozen: string | null
  /** Every cause that is in force, as `reason` or `reason:id`; `frozen` is the reason of the weightiest. */
  freezes: string[]
  limits: Record<string, LimitCounter>
  /** None if it is missing. */
  spendingCaps?: CapRecord<SpendingCap>
  pending: LogEntry[]
  /** Set while the log may have entries: when the first of them was written. Finds the logs to post. */
  loggedSince?: Date
  posted: number
  grants: Grant[]
  debt: number
  createdAt: Date
  /** When entries were last posted to the ledger: finds recently changed accounts. */
  settledAt?: Date
  /** How many of the posted entries are in the sums of their days (credit-day.server.ts); none if it is missing. */
  summed?: number
}

const integer = { bsonType: ['int', 'long'] }

const properties = {
  credits: integer,
  held: { ...integer, minimum: 0 },
  holds: {
    bsonType: 'array',
    maxItems: 100,
    items: { bsonType: 'object', properties: { amount: { ...integer, minimum: 1 } } },
  },
  nextChange: { bsonType: 'date' },
  version: { bsonType: 'string' },
  frozen: { bsonType: ['string', 'null'] },
  freezes: { bsonType: 'array' },
  pending: {
    bsonType: 'array',
    // Entries are not validated: each spend would pay for all of them, and their sum is in `credits`.
    maxItems: 1100,
  },
  posted: { ...integer, minimum: 0 },
  grants: {
    bsonType: 'array',
    items: { bsonType: 'object', properties: { remaining: { ...integer, minimum: 0 } } },
  },
  debt: { ...integer, minimum: 0 },
}

/** The database's own refusal of anything but whole credits, for whatever code writes to the collection. */
export const creditAccountValidator = {
  $jsonSchema: { bsonType: 'object', required: Object.keys(properties), properties },
}

// The credits engine writes through the plain driver (mongoose would add and strip fields of its own), so this schema
// declares the collection and its indexes only.
const creditAccountSchema = new Schema<CreditAccount>(
  {},
  { collection: 'credit_accounts', strict: 'throw', autoIndex: false, autoCreate: false },
)

// Finds the accounts that have entries to post, and those where something is due, without reading the others.
// A spend writes none of these fields but `loggedSince`, and that only into an empty log: an index on what every spend
// writes would cost it a third of its rate.
creditAccountSchema.index({ loggedSince: 1 }, { sparse: true })
creditAccountSchema.index({ nextChange: 1 })
creditAccountSchema.index({ 'holds.expiresAt': 1 }, { sparse: true })
creditAccountSchema.index({ settledAt: 1 }, { sparse: true })

export const CreditAccountModel = defineModel<CreditAccount>('CreditAccount', creditAccountSchema)

/** The plain driver's collection. */
export const creditAccounts = () => driverCollection<CreditAccount>(CreditAccountModel)
