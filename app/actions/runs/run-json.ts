import { z } from 'zod'
import type { ActionRun } from '#models/action-run.server.ts'
import { queryMoment } from '../../query-moment.ts'
import { isRunCursor, type ListedRun } from './list-runs.server.ts'
import { receiptOf } from './receipt.ts'

/** A run as the API shows it. Its facts and files are there once it is paid for. */
export function toRunJson(run: ListedRun & Partial<Pick<ActionRun, 'files' | 'progress'>>) {
  const { _id: id, actionId, status, credits, creditsSpent, createdAt, finishedAt, failure } = run
  const isDone = status === 'done'
  const charged = finishedAt ? (creditsSpent ?? 0) : null
  return {
    id,
    action: actionId,
    status: status === 'ran' ? ('running' as const) : status,
    quoted: credits,
    held: credits,
    charged,
    returned: charged === null ? null : credits - charged,
    receipt: receiptOf(run),
    failure,
    note: isDone ? (run.note ?? null) : null,
    ...(run.progress !== undefined && { text: run.progress?.text ?? null }),
    facts: isDone ? run.facts : {},
    ...(run.files && {
      files: isDone
        ? run.files.map(({ name, label, contentType }) => ({
            ...{ name, label, contentType },
            url: `/api/runs/${id}/files/${encodeURIComponent(name)}`,
          }))
        : [],
    }),
    createdAt: createdAt.toISOString(),
    finishedAt: finishedAt?.toISOString() ?? null,
  }
}

const LIMIT_MAX = 100

/** The query of `GET /api/runs`. Strict: a misspelled filter must not look as if it matched everything. */
export const runsQuery = z.strictObject({
  before: z
    .string()
    .refine(isRunCursor, { error: 'must be the nextBefore of an earlier page' })
    .describe('The nextBefore of the page before: only older runs.')
    .optional(),
  limit: z
    .string()
    .regex(/^\d{1,3}$/, { error: `must be a whole number from 1 to ${LIMIT_MAX}` })
    .transform(Number)
    .refine((limit) => limit >= 1 && limit <= LIMIT_MAX, { error: `must be a whole number from 1 to ${LIMIT_MAX}` })
    .meta({ type: 'integer', minimum: 1, maximum: LIMIT_MAX, pattern: undefined, description: 'Runs a page.' })
    .default(25),
  action: z.string().min(1).max(64).describe('Only runs of this action.').optional(),
  from: queryMoment.describe('Runs that began on this day (UTC) or at this moment, or later.').optional(),
  to: queryMoment.describe('Runs that began before this day (UTC) or moment.').optional(),
})
