import { MongoBackend } from '@agendajs/mongo-backend'
import { Agenda, type Job } from 'agenda'
import mongoose from 'mongoose'
import { machineNow, now } from '../clock.server.ts'
import { logger } from '../log.server.ts'
import { type RecurringJob, recurringJobs } from './job-list.server.ts'

const COLLECTION = 'jobs'
/** The lock of a dead process ends after this. A live process renews it, so a run may take longer. */
export const JOB_LOCK_MS = 30_000
const RENEWALS_A_LOCK = 3
/** After shorter skips the jobs just run at their next turn. */
const SKIP_MS = 15 * 60 * 1000
const WATCH_MS = 1_000

export interface JobScheduler {
  name: string
  start: () => Promise<void>
  /** Waits for running jobs: the database disconnects after this. */
  stop: () => Promise<void>
}

/**
 * The scheduler of this process. All processes of a database share its jobs: agenda's lock gives each run to one of them, but
 * a lock proves nothing, so every job is idempotent.
 * @param jobs the app's own list, unless a test gives another
 */
export function jobScheduler(jobs: RecurringJob[] = recurringJobs, { lockMs = JOB_LOCK_MS } = {}): JobScheduler {
  let agenda: Agenda | null = null
  let stopFollowing = () => undefined as void
  return {
    name: 'jobs',
    async start() {
      const { db } = mongoose.connection
      if (!db) throw new Error('The job scheduler needs a database connection')
      agenda = new Agenda({
        backend: new MongoBackend({ mongo: db, collection: COLLECTION }),
        processEvery: '2 seconds',
        defaultLockLifetime: lockMs,
        defaultConcurrency: 1,
        maxConcurrency: 4,
        // Of the runs that a skipped time starts.
        removeOnComplete: true,
      })
      agenda.on('error', (error: Error) => logger.error({ err: error }, 'The job scheduler failed'))
      for (const job of jobs) agenda.define(job.name, (lock: Job) => whileLocked(lock, lockMs, () => runLogged(job)))
      await agenda.start()
      for (const job of jobs) await agenda.every(job.every, job.name)
      stopFollowing = onSkippedTime(async () => {
        for (const job of jobs) await agenda?.now(job.name, {})
      })
    },
    async stop() {
      stopFollowing()
      await agenda?.drain()
      agenda = null
    },
  }
}

/**
 * Agenda uses the machine's clock. In local mode the app's clock is ahead of it: skipping an hour or a month in the sandbox
 * skips the runs of that time, whose work has to be done.
 * @returns stops watching
 */
function onSkippedTime(run: () => Promise<void>): () => void {
  const ahead = () => now().getTime() - machineNow().getTime()
  let seen = ahead()
  const timer = setInterval(() => {
    const skipped = ahead() - seen
    if (skipped < SKIP_MS) return
    seen += skipped
    run().catch((error: unknown) => logger.warn({ err: error }, 'The jobs of a skipped time were not started'))
  }, WATCH_MS).unref()
  return () => clearInterval(timer)
}

/** The last and the next run of a job, by the machine's clock. */
export type JobState = Awaited<ReturnType<typeof jobStates>>[number]

/** The state of each recurring job that a process has ever scheduled. */
export async function jobStates() {
  const names = recurringJobs.map(({ name }) => name)
  const jobs = await mongoose.connection
    .collection<{ name: string; nextRunAt?: Date; failedAt?: Date; lastFinishedAt?: Date; failReason?: string }>(
      COLLECTION,
    )
    .find({ name: { $in: names }, type: 'single' })
    .toArray()
  return jobs.map(({ name, nextRunAt, failedAt, lastFinishedAt, failReason }) => ({
    name,
    nextRunAt: nextRunAt ?? null,
    /** Why the last run failed; null when it did not. */
    failReason: failedAt && (!lastFinishedAt || failedAt >= lastFinishedAt) ? (failReason ?? 'unknown') : null,
  }))
}

/** Renews a job's lock while it runs: if the lock ended, another process would run the job at the same time. */
async function whileLocked(lock: Job, lockMs: number, run: () => Promise<void>): Promise<void> {
  let renewal = Promise.resolve()
  const timer = setInterval(() => {
    renewal = lock.touch().catch((error: unknown) => logger.warn({ err: error }, 'The lock of a job was not renewed'))
  }, lockMs / RENEWALS_A_LOCK)
  try {
    await run()
  } finally {
    clearInterval(timer)
    // A renewal after the end of the job would lock it again.
    await renewal
  }
}

async function runLogged(job: RecurringJob): Promise<void> {
  const started = performance.now()
  try {
    const outcome = await job.run()
    logger.debug({ job: job.name, outcome, ms: Math.round(performance.now() - started) }, 'Job done')
  } catch (error) {
    logger.error({ job: job.name, err: error }, 'Job failed')
    throw error
  }
}
