import { nextMoment } from '../billing/entitlements/expiry-notices.server.ts'
import { logger } from '../log.server.ts'
import { nextKeyNotice } from '../notifications/expiring-api-keys.server.ts'
import { type RecurringJob, recurringJobs } from './job-list.server.ts'

/**
 * Does what is due now: expiries, pauses, notices, mails. For local mode, where the sandbox's clock moves in stages. Several
 * processes may run it at once, beside the jobs.
 * @returns when something is due next, or null
 */
export async function keepPace(jobs: readonly RecurringJob[] = recurringJobs): Promise<Date | null> {
  for (const { name, run, isTimely } of jobs) {
    if (!isTimely) continue
    await run().catch((error: unknown) => logger.error({ job: name, err: error }, 'Job failed'))
  }
  const moments = (await Promise.all([nextMoment(), nextKeyNotice()])).filter((moment) => moment !== null)
  return moments.reduce<Date | null>((first, moment) => (first && first < moment ? first : moment), null)
}
