import type { Types } from 'mongoose'
import { type ActionRun, ActionRunModel } from '#models/action-run.server.ts'

/** A run as lists show it: without what was sent and made. */
export type ListedRun = Omit<ActionRun, 'files' | 'input' | 'progress'>

export interface RunFilter {
  action?: string
  /** Begun at or after it. */
  from?: Date
  /** Begun before it. */
  to?: Date
  /** The cursor of the page before. */
  before?: string
}

export interface RunPage {
  runs: ListedRun[]
  /** For the next page; null at the end. */
  nextBefore: string | null
}

const TIME_LIMIT_MS = 5_000
const CURSOR = /^(\d{1,15})\.([0-9a-f]{32})$/

/** Whether a text from outside is the cursor of a page. */
export const isRunCursor = (text: string): boolean => CURSOR.test(text)

/**
 * Lists an account's runs, newest first, from an index.
 * @param limit of runs on a page
 */
export async function listAllRuns(
  accountId: Types.ObjectId,
  { action, from, to, before }: RunFilter,
  limit: number,
): Promise<RunPage> {
  const [, time, id] = CURSOR.exec(before ?? '') ?? []
  const last = time === undefined ? null : new Date(Number(time))
  const found = await ActionRunModel.find(
    {
      accountId,
      ...(action !== undefined && { actionId: action }),
      ...((from || to || last) && {
        createdAt: { ...(from && { $gte: from }), ...(to && { $lt: to }), ...(last && { $lte: last }) },
      }),
      // Runs that began in the same millisecond are in the order of their ids.
      ...(last && { $or: [{ createdAt: { $lt: last } }, { createdAt: last, _id: { $lt: id } }] }),
    },
    { files: 0, input: 0, progress: 0 },
  )
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit + 1)
    .maxTimeMS(TIME_LIMIT_MS)
    .lean<ListedRun[]>()
    .exec()
  const runs = found.slice(0, limit)
  const end = runs.at(-1)
  const hasMore = found.length > limit && end !== undefined
  return { runs, nextBefore: hasMore ? `${end.createdAt.getTime()}.${end._id}` : null }
}

/** Finds the run of a hold; null if the hold is not one of a run. */
export async function findRunOfHold(accountId: Types.ObjectId, holdId: string): Promise<string | null> {
  const run = await ActionRunModel.findOne({ accountId, holdId }, { _id: 1 }).lean<Pick<ActionRun, '_id'>>()
  return run?._id ?? null
}
