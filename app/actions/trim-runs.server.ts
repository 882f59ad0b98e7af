import { ActionRunModel } from '#models/action-run.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'

const DAY_MS = 24 * 60 * 60 * 1000
/** Files of a run can have 4 MB. */
const AT_ONCE = 100

/**
 * Deletes the input, facts and files of runs that finished long ago. The run itself stays, so that a repeated request neither runs
 * nor charges again. Safe to run twice and at once: a finished run is never written otherwise.
 * @param days how long ago; 0 keeps everything
 * @returns how many runs of one batch were trimmed; 0 if none are left
 */
export async function trimRuns(days = config().keepDays.runResults): Promise<number> {
  if (days === 0) return 0
  const finishedBefore = new Date(now().getTime() - days * DAY_MS)
  const old = { trimmedAt: null, finishedAt: { $lt: finishedBefore } }
  const runs = await ActionRunModel.find(old)
    .sort({ finishedAt: 1 })
    .limit(AT_ONCE)
    .select({ _id: 1 })
    .lean<{ _id: string }[]>()
  if (runs.length === 0) return 0
  const { modifiedCount } = await ActionRunModel.updateMany(
    { _id: { $in: runs.map(({ _id }) => _id) }, ...old },
    { $set: { input: null, progress: null, facts: {}, files: [], trimmedAt: now() } },
  )
  return modifiedCount
}
