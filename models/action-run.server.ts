import { Schema, type Types } from 'mongoose'
import { defineModel } from './define-model.server.ts'

export type ActionRunStatus = 'running' | 'ran' | 'done' | 'failed'

export interface StoredFile {
  name: string
  contentType: string
  label: string
  body: Buffer
}

/** One run of a paid action, found by its key, so that a repeated request shows the first one's result. */
export interface ActionRun {
  /** Derived from the account and the key of the request, so that two equal requests meet here. */
  _id: string
  accountId: Types.ObjectId
  actionId: string
  /** Tells the same request from another one under the same key. */
  inputHash: string
  holdId: string
  units: number
  /** Credits that are held for it. */
  credits: number
  /** `ran`: the work is done, its price not yet captured; nobody may see the result before `done`. */
  status: ActionRunStatus
  /** Whoever runs it has until then; afterwards another request with the same key may take over. */
  leaseUntil: Date
  /** A fresh random id of each taker: the fence of its writes. */
  lease: string
  unitsUsed: number | null
  /** Known from `ran` on: what is captured then. */
  creditsSpent: number | null
  facts: Record<string, string>
  files: StoredFile[]
  failure: string | null
  createdAt: Date
  finishedAt: Date | null
}

const actionRunSchema = new Schema<ActionRun>(
  {
    _id: { type: String, required: true },
    accountId: { type: Schema.Types.ObjectId, required: true },
    actionId: { type: String, required: true },
    inputHash: { type: String, required: true },
    holdId: { type: String, required: true },
    units: { type: Number, required: true },
    credits: { type: Number, required: true },
    status: { type: String, enum: ['running', 'ran', 'done', 'failed'], required: true },
    leaseUntil: { type: Date, required: true },
    lease: { type: String, required: true },
    unitsUsed: { type: Number, default: null },
    creditsSpent: { type: Number, default: null },
    facts: { type: Schema.Types.Mixed, default: {} },
    files: {
      type: [
        new Schema<StoredFile>(
          { name: String, contentType: String, label: String, body: Buffer },
          { _id: false, strict: 'throw' },
        ),
      ],
      default: [],
    },
    failure: { type: String, default: null },
    createdAt: { type: Date, required: true },
    finishedAt: { type: Date, default: null },
  },
  { collection: 'action_runs', strict: 'throw', autoIndex: false, minimize: false },
)

actionRunSchema.index({ accountId: 1, actionId: 1, createdAt: -1 })
// For ending what processes that died have left.
actionRunSchema.index({ status: 1, leaseUntil: 1 })

export const ActionRunModel = defineModel<ActionRun>('ActionRun', actionRunSchema)
