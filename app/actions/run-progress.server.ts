import { setTimeout as sleep } from 'node:timers/promises'
import type { ActionRun } from '#models/action-run.server.ts'
import { logger } from '../log.server.ts'
import { RunStopped } from './registry.ts'
import { changeRun } from './run-store.server.ts'

const EVERY_MS = 300

/**
 * Stores what a streamed run writes, at most a few times a second, and finds out whether its owner wants it to stop: both
 * through the run's row, so that any process can show and stop it.
 * @param timeoutMs after which the signal aborts
 */
export function followProgress(run: ActionRun, timeoutMs: number) {
  const stop = new AbortController()
  const ended = new AbortController()
  let latest: ActionRun['progress'] = null

  const look = async () => {
    const stored = await changeRun(run, { progress: latest })
    // Without its row the run belongs to another process.
    if (!stored || stored.stopAskedAt) stop.abort(new RunStopped())
  }
  const follow = async () => {
    while (!ended.signal.aborted) {
      await sleep(EVERY_MS, undefined, { signal: ended.signal }).catch(() => {})
      if (ended.signal.aborted) return
      await look().catch((error: unknown) =>
        logger.warn({ err: error, runId: run._id }, 'A run’s progress is not stored'),
      )
    }
  }
  const following = follow()
  return {
    signal: AbortSignal.any([AbortSignal.timeout(timeoutMs), stop.signal]),
    report: (text: string, credits: number) => {
      latest = { text, credits }
    },
    /** Call it before the run's result is stored. */
    end: () => {
      ended.abort()
      return following
    },
  }
}

/** The runs that this process works on beside its requests. */
const underWay = new Set<Promise<unknown>>()

/** Lets a run continue after its request. */
export function runBeside(work: Promise<unknown>): void {
  const settled = work
    .catch((error: unknown) => logger.error({ err: error }, 'A run could not be finished; the job will end it'))
    .finally(() => underWay.delete(settled))
  underWay.add(settled)
}

/** Waits for the runs of this process, before it stops. */
export async function finishRuns(): Promise<void> {
  await Promise.all(underWay)
}
