import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { formatCredits, formatDateTime } from '../../format.ts'
import { deletionOf, readRun } from '../action-page.server.ts'
import { actionTitle, findPaidAction, paidActions } from '../paid-actions.server.ts'
import { isRunCursor, listAllRuns, type ListedRun } from './list-runs.server.ts'
import { receiptOf } from './receipt.ts'

const PAGE_SIZE = 25
const STATES = { running: 'Running', ran: 'Running', done: 'Done', failed: 'Failed' } as const

type Reader = Pick<User, '_id' | 'timeZone'>

/** Which runs to list, as the address has them; the days are moments already. */
export interface RunsQuery {
  action: string
  from?: Date
  to?: Date
  before: string
}

/** Reads a page of a user's runs, in finished texts. */
export async function readRunsPage(user: Reader, { action, from, to, before }: RunsQuery) {
  const filter = { from, to, ...(action && { action }), ...(isRunCursor(before) && { before }) }
  const { runs, nextBefore } = await listAllRuns(user._id, filter, PAGE_SIZE)
  return {
    runs: runs.map((run) => rowOf(run, user.timeZone)),
    nextBefore,
    actions: paidActions().map(({ id, title }) => ({ id, title })),
  }
}

function rowOf({ _id: id, actionId, status, facts, creditsSpent, createdAt, finishedAt }: ListedRun, timeZone: string) {
  const isFinished = finishedAt !== null
  return {
    id,
    title: actionTitle(actionId),
    /** What it was about, to recognize it. */
    about: status === 'done' ? (Object.values(facts)[0]?.slice(0, 80) ?? null) : null,
    at: formatDateTime(createdAt, timeZone, now()),
    state: STATES[status],
    cost: isFinished ? formatCredits(creditsSpent ?? 0) : null,
  }
}

/** Reads one run with its receipt; null if the user has no such run. */
export async function readRunPage(user: Reader, runId: string) {
  const run = await readRun(user, runId)
  if (!run) return null
  const { id, actionId, status, facts, files, createdAt } = run
  const isOffered = findPaidAction(actionId) !== null
  return {
    id,
    title: actionTitle(actionId),
    action: actionId,
    state: STATES[status],
    isRunning: status === 'running',
    at: formatDateTime(createdAt, user.timeZone, now()),
    receipt: receiptOf(run),
    facts,
    files: files.map(({ name, label }) => ({
      name,
      label,
      href: `/actions/${actionId}/runs/${id}/${encodeURIComponent(name)}`,
    })),
    deletion: deletionOf(run),
    again: isOffered ? `/actions/${actionId}?again=${id}` : null,
    canDelete: status !== 'running' && !run.isTrimmed,
  }
}
