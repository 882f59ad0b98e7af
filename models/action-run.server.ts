import { type InferSchemaType, Schema } from 'mongoose'
import { type Complete, defineModel } from './define-model.server.ts'

export interface StoredFile {
  name: string
  contentType: string
  label: string
  body: Buffer
}

/** One run of a paid action, found by its key, so that a repeated request shows the first one's result. */
const actionRunSchema = new Schema(
  {
    /** Derived from the account and the key of the request, so that two equal requests meet here. */
    _id: { type: String, required: true },
    accountId: { type: Schema.Types.ObjectId, required: true },
    actionId: { type: String, required: true },
    /** Tells the same request from another one under the same key. */
    inputHash: { type: String, required: true },
    /** What was sent, as JSON, to fill the form again; null if it is too long, or deleted. */
    input: { type: String, default: null },
    holdId: { type: String, required: true },
    units: { type: Number, required: true },
    /** Credits that are held for it. */
    credits: { type: Number, required: true },
    /** `ran`: the work is done, its price not yet captured; nobody may see the result before `done`. */
    status: { type: String, enum: ['running', 'ran', 'done', 'failed'], required: true },
    /** Until when its process may run it; afterwards another request with the same key may take over. */
    leaseUntil: { type: Date, required: true },
    /** A new random id for each process that takes it: the fence of its writes. */
    lease: { type: String, required: true },
    unitsUsed: { type: Number, default: null },
    /** Known from `ran` on: what is captured then. */
    creditsSpent: { type: Number, default: null },
    /** What a streamed run has written, and the credits for that. */
    progress: {
      type: new Schema({ text: String, credits: Number }, { _id: false, strict: 'throw' }),
      default: null,
    },
    /** When its owner asked it to stop. */
    stopAskedAt: { type: Date, default: null },
    /** Why the result is not complete. */
    note: { type: String, default: null },
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
    /** When its input, facts and files were deleted. */
    trimmedAt: { type: Date, default: null },
    /** Its owner deleted them. */
    isDeletedByOwner: { type: Boolean, default: false },
  },
  { collection: 'action_runs', strict: 'throw', autoIndex: false, minimize: false },
)

actionRunSchema.index({ accountId: 1, actionId: 1, createdAt: -1, _id: -1 })
actionRunSchema.index({ accountId: 1, createdAt: -1, _id: -1 })
// Finds the run of a ledger entry.
actionRunSchema.index({ accountId: 1, holdId: 1 })
// Finds runs of processes that died.
actionRunSchema.index({ status: 1, leaseUntil: 1 })
// Finds results to delete.
actionRunSchema.index({ trimmedAt: 1, finishedAt: 1 })

export type ActionRun = Complete<Omit<InferSchemaType<typeof actionRunSchema>, 'facts' | 'files' | 'progress'>> & {
  progress: { text: string; credits: number } | null
  facts: Record<string, string>
  files: StoredFile[]
}
export const ActionRunModel = defineModel<ActionRun>('ActionRun', actionRunSchema)
