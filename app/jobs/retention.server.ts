import { trimRuns } from '../actions/trim-runs.server.ts'
import { deleteOldEvents } from '../billing/webhooks/delete-events.server.ts'
import { trimEvents } from '../billing/webhooks/trim-events.server.ts'
import { logger } from '../log.server.ts'
import { deleteOldMails, emptyMailbox } from '../notifications/delete-mails.server.ts'

/** Each handles one batch and returns how much it did; 0 when nothing is left. docs/scale.md lists what each bounds. */
const TASKS = { trimEvents, deleteOldEvents, deleteOldMails, emptyMailbox, trimRuns }
type Task = keyof typeof TASKS

/** The next run of the job continues. */
const RUN_MS = 60_000

/**
 * Deletes what has been kept long enough, in small batches and each kind in turn, so that a backlog of one delays no other.
 * Safe to run twice and at once.
 * @returns how much each task did
 * @throws the first error, after the other tasks were done
 */
export async function applyRetention(): Promise<Record<Task, number>> {
  const end = performance.now() + RUN_MS
  const done: Record<Task, number> = {
    trimEvents: 0,
    deleteOldEvents: 0,
    deleteOldMails: 0,
    emptyMailbox: 0,
    trimRuns: 0,
  }
  const failures: unknown[] = []
  let left = Object.keys(TASKS) as Task[]
  while (left.length > 0 && performance.now() < end) {
    const again: Task[] = []
    for (const task of left) {
      try {
        const count = await TASKS[task]()
        done[task] += count
        if (count > 0) again.push(task)
      } catch (error) {
        logger.error({ err: error, task }, 'Old records could not be deleted')
        failures.push(error)
      }
    }
    left = again
  }
  if (failures.length > 0) throw failures[0]
  return done
}
