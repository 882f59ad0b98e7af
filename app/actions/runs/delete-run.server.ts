import type { Types } from 'mongoose'
import { ActionRunModel } from '#models/action-run.server.ts'
import { now } from '../../clock.server.ts'

/**
 * Deletes the input, facts and files of a finished run. The run itself stays, with its receipt, so that a repeated request
 * neither runs nor charges again. Safe to repeat: a finished run is never written otherwise.
 * @returns false for a run that is not there, or still running
 */
export async function deleteRun(accountId: Types.ObjectId, runId: string): Promise<boolean> {
  const deleted = { input: null, progress: null, facts: {}, files: [], trimmedAt: now(), isDeletedByOwner: true }
  const { matchedCount } = await ActionRunModel.updateOne(
    { _id: runId, accountId, finishedAt: { $ne: null } },
    { $set: deleted },
  )
  return matchedCount > 0
}
