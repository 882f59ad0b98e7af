import { createHash, randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { type ActionRun, ActionRunModel, type StoredFile } from '#models/action-run.server.ts'
import { now } from '../clock.server.ts'

/** A run as pages show it. */
export type ActionRunView = ReturnType<typeof toRunView>

const DUPLICATE_KEY = 11000
/** How long after its time limit a run counts as abandoned. */
const LEASE_MARGIN_MS = 30_000

/** The id of the run of a request with this key; no other account or key has the same. */
export function runIdOf(accountId: Types.ObjectId, key: string): string {
  return createHash('sha256').update(`${accountId.toHexString()}:${key}`).digest('hex').slice(0, 32)
}

const INPUT_MAX = 32 * 1024

/** What was sent, as it is stored; null if it is too long for that. */
export function storedInput(input: unknown): string | null {
  const text = JSON.stringify(input)
  return text !== undefined && text.length <= INPUT_MAX ? text : null
}

/** Tells requests under the same key apart. */
export function inputHashOf(actionId: string, input: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify([actionId, input]))
    .digest('hex')
}

/** Reads a run of this account. */
export function findRun(accountId: Types.ObjectId, runId: string): Promise<ActionRun | null> {
  return ActionRunModel.findOne({ _id: runId, accountId }).lean<ActionRun>().exec()
}

/** Lists an account's latest finished runs of an action, without the contents of files. */
export function listRuns(accountId: Types.ObjectId, actionId: string, limit: number): Promise<ActionRun[]> {
  return ActionRunModel.find({ accountId, actionId, status: 'done' }, { 'files.body': 0 })
    .sort({ createdAt: -1 })
    .limit(limit)
    .lean<ActionRun[]>()
    .exec()
}

/** Lists abandoned runs. */
export function listAbandonedRuns(limit: number): Promise<ActionRun[]> {
  return ActionRunModel.find({ status: { $in: ['running', 'ran'] }, leaseUntil: { $lt: now() } })
    .limit(limit)
    .lean<ActionRun[]>()
    .exec()
}

/** Begins a run, once however many requests try at the same time; null if another one was first. */
export async function beginRun(
  run: Pick<ActionRun, '_id' | 'accountId' | 'actionId' | 'inputHash' | 'input' | 'holdId' | 'units' | 'credits'>,
  timeoutMs: number,
): Promise<ActionRun | null> {
  const begun: ActionRun = {
    ...run,
    status: 'running',
    leaseUntil: new Date(now().getTime() + timeoutMs + LEASE_MARGIN_MS),
    lease: randomUUID(),
    unitsUsed: null,
    creditsSpent: null,
    progress: null,
    stopAskedAt: null,
    note: null,
    facts: {},
    files: [],
    failure: null,
    createdAt: now(),
    finishedAt: null,
    trimmedAt: null,
    isDeletedByOwner: false,
  }
  try {
    await ActionRunModel.create(begun)
    return begun
  } catch (error) {
    if ((error as { code?: unknown }).code === DUPLICATE_KEY) return null
    throw error
  }
}

/** Takes over an abandoned run, once; null while its process has the lease, or if another process was first. */
export async function takeOverRun(run: ActionRun, timeoutMs: number): Promise<ActionRun | null> {
  if (run.leaseUntil > now()) return null
  return changeRun(run, {
    lease: randomUUID(),
    leaseUntil: new Date(now().getTime() + timeoutMs + LEASE_MARGIN_MS),
    stopAskedAt: null,
  })
}

/** Writes to a run whose lease this process has; null if another process has taken it over. */
export function changeRun(
  run: Pick<ActionRun, '_id' | 'lease' | 'status'>,
  change: Partial<ActionRun>,
): Promise<ActionRun | null> {
  return ActionRunModel.findOneAndUpdate(
    { _id: run._id, lease: run.lease, status: run.status },
    { $set: change },
    { returnDocument: 'after' },
  )
    .lean<ActionRun>()
    .exec()
}

/** Reads how far a run is. */
export function findProgress(
  accountId: Types.ObjectId,
  runId: string,
): Promise<Pick<ActionRun, 'progress' | 'finishedAt'> | null> {
  return ActionRunModel.findOne({ _id: runId, accountId }, { progress: 1, finishedAt: 1 })
    .lean<Pick<ActionRun, 'progress' | 'finishedAt'>>()
    .exec()
}

/** Asks a running run to stop, whichever process it is in. Safe to repeat. */
export async function askToStop(accountId: Types.ObjectId, runId: string): Promise<void> {
  const running = { _id: runId, accountId, status: 'running' as const, stopAskedAt: null }
  await ActionRunModel.updateOne(running, { $set: { stopAskedAt: now() } })
}

/** Finds a file of a paid run; null if the run has no such file. */
export async function findRunFile(accountId: Types.ObjectId, runId: string, name: string): Promise<StoredFile | null> {
  const run = await findRun(accountId, runId)
  if (run?.status !== 'done') return null
  const file = run.files.find((candidate) => candidate.name === name)
  return file ? { ...file, body: bytesOf(file.body) } : null
}

/** Whether the files of a run were deleted after their time. */
export async function isResultDeleted(accountId: Types.ObjectId, runId: string): Promise<boolean> {
  const run = await ActionRunModel.findOne({ _id: runId, accountId }, { trimmedAt: 1 }).lean<
    Pick<ActionRun, 'trimmedAt'>
  >()
  return Boolean(run?.trimmedAt)
}

/** A lean read returns the driver's Binary, which wraps the bytes. */
function bytesOf(body: Buffer | { buffer: Uint8Array }): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(body.buffer)
}

/** Shows a run, but its result only once it is paid for. */
export function toRunView(run: ActionRun) {
  const status = run.status === 'ran' ? 'running' : run.status
  const isDone = status === 'done'
  return {
    id: run._id,
    actionId: run.actionId,
    status,
    units: run.units,
    unitsUsed: run.unitsUsed ?? 0,
    /** Credits that were reserved for it. */
    credits: run.credits,
    creditsSpent: run.creditsSpent ?? 0,
    facts: isDone ? Object.entries(run.facts) : [],
    files: isDone ? run.files.map(({ name, label, contentType }) => ({ name, label, contentType })) : [],
    failure: run.failure,
    progress: run.progress ?? null,
    note: isDone ? (run.note ?? null) : null,
    isTrimmed: Boolean(run.trimmedAt),
    isDeleted: isDone && Boolean(run.trimmedAt),
    isDeletedByOwner: run.isDeletedByOwner ?? false,
    createdAt: run.createdAt,
    finishedAt: run.finishedAt,
  }
}
