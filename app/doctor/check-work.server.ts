import { NotificationModel } from '#models/notification.server.ts'
import { ReconcileFindingModel } from '#models/reconcile-finding.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { machineNow } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { type JobState, jobStates } from '../jobs/scheduler.server.ts'
import { error, type Finding, ok, warning } from './finding.ts'

/** How late a job may be: a busy process is not a dead one. */
const LATE_MS = 5 * 60 * 1000

/** What is left undone: events, mails, findings, and jobs that no process runs. */
export async function checkWork(): Promise<Finding[]> {
  const [dead, unsent, findings] = await Promise.all([
    WebhookEventModel.countDocuments({ status: 'dead' }),
    NotificationModel.countDocuments({ status: { $in: ['dead', 'unconfirmed'] } }),
    ReconcileFindingModel.countDocuments(),
  ])
  const { isLocal } = config()
  return [
    ...left(dead, ['webhook event was', 'webhook events were'], 'given up', {
      why: 'What they report may not have been processed.',
      mend: 'Run "npm run reconcile": it fixes what it can and lists the rest.',
    }),
    ...left(unsent, ['mail was', 'mails were'], 'given up, or may not have arrived', {
      why: 'A customer may not know what happened.',
      mend: 'In the collection notifications, the field outcome of those that are dead or unconfirmed says why.',
    }),
    ...left(findings, ['finding of reconcile waits', 'findings of reconcile wait'], 'for a human', {
      why: 'A customer may have paid and received nothing.',
      mend: 'Read them with "npm run reconcile".',
    }),
    ...jobFindings(await jobStates(), isLocal),
  ]
}

function left(
  count: number,
  [one, several]: [one: string, several: string],
  what: string,
  rest: { why: string; mend: string },
): Finding[] {
  return count === 0 ? [] : [warning(`${count} ${count === 1 ? one : several} ${what}.`, rest)]
}

function jobFindings(jobs: JobState[], isLocal: boolean): Finding[] {
  const late = jobs.filter(({ nextRunAt }) => nextRunAt && machineNow().getTime() - nextRunAt.getTime() > LATE_MS)
  const failed = jobs.filter(({ failReason }) => failReason !== null)
  if (jobs.length === 0 || late.length > 0) {
    const names = late.map(({ name }) => name).join(', ')
    return [
      (isLocal ? warning : error)(`No process runs the jobs${names ? `; overdue: ${names}` : ''}.`, {
        why: 'Mails are not sent, credits do not expire, and nothing is reconciled.',
        mend: 'Start the app: each of its processes runs them.',
      }),
    ]
  }
  return failed.length === 0
    ? [ok(`All ${jobs.length} jobs run.`)]
    : failed.map(({ name, failReason }) =>
        warning(`The last run of the job ${name} failed: ${failReason}`, {
          why: 'It runs again on schedule.',
          mend: 'If it fails again, read the log.',
        }),
      )
}
