import { setTimeout as sleep } from 'node:timers/promises'
import type { Types } from 'mongoose'
import type { ActionRun } from '#models/action-run.server.ts'
import { checkFeature } from '../billing/entitlements/entitlements.ts'
import type { Plan } from '../billing/plans.ts'
import { now } from '../clock.server.ts'
import { CreditsUnavailable, HoldAlreadyResolved, HoldNotFound, IdempotencyConflict } from '../credits/errors.ts'
import { captureHold, placeHold, releaseHold } from '../credits/hold.server.ts'
import { actionKey } from '../credits/keys.ts'
import { DomainError } from '../domain-error.ts'
import { logger } from '../log.server.ts'
import { ActionStillRunning } from './errors.ts'
import type { ActionResult, PaidAction, PreparedRun } from './registry.ts'
import { followProgress, runBeside } from './run-progress.server.ts'
import {
  type ActionRunView,
  beginRun,
  changeRun,
  findRun,
  inputHashOf,
  listAbandonedRuns,
  runIdOf,
  storedInput,
  takeOverRun,
  toRunView,
} from './run-store.server.ts'

export interface ActionRequest {
  accountId: Types.ObjectId
  plan: Plan
  /** When the plan's counts of uses reset. */
  limitsResetAt: Date
  action: PaidAction
  /** As sent; it is checked before anything else. */
  input: unknown
  /** The same key never runs or charges twice. */
  key: string
  /** Whose own spending caps count as well. */
  spender?: string
}

/** How long the hold outlasts the run's time limit. If the process dies, the credits are released after it. */
const HOLD_MARGIN_MS = 5 * 60_000
const FILES_BYTES_MAX = 4 * 1024 * 1024
const WAIT_MS = 2_000
const WAIT_STEP_MS = 40

/**
 * Runs a paid action: holds its price, runs it, captures what was used. A failed run costs nothing, and no result is
 * shown before it is paid for. The same key, at once or later, returns the first run.
 * @throws InvalidActionInput, FeatureNotInPlan, InsufficientCredits, SpendingFrozen, LimitReached, TooManyHolds,
 * IdempotencyConflict; ActionStillRunning and CreditsUnavailable, after which the same key is safe to repeat
 */
export async function runAction(request: ActionRequest): Promise<ActionRunView> {
  const { accountId, plan, action, input, key } = request
  const prepared = action.prepare(input)
  if (action.feature) checkFeature(plan, action.feature, action.title)
  const creditKey = actionKey(action.id, key)
  const runId = runIdOf(accountId, creditKey)
  const inputHash = inputHashOf(action.id, prepared.input)

  const known = await findRun(accountId, runId)
  if (known && known.inputHash !== inputHash) throw new IdempotencyConflict()
  if (known?.finishedAt) return toRunView(known)

  const { units, credits } = prepared
  const hold = await placeHold({
    accountId,
    key: creditKey,
    credits,
    action: action.id,
    ttlMs: action.timeoutMs + HOLD_MARGIN_MS,
    spender: request.spender,
    limit: action.limit && { name: action.limit, max: plan.limits[action.limit], resetsAt: request.limitsResetAt },
  })
  const identity = {
    ...{ _id: runId, accountId, actionId: action.id, inputHash, input: storedInput(input) },
    ...{ holdId: hold.holdId, units, credits },
  }
  const mine = known ? await takeOverRun(known, action.timeoutMs) : await beginRun(identity, action.timeoutMs)
  if (!mine) return action.isStreamed ? readRunOf(accountId, runId) : waitForRun(accountId, runId, inputHash)
  if (mine.status === 'ran') return toRunView(await capture(mine))
  const working = work(mine, action, prepared, plan)
  if (!action.isStreamed) return toRunView(await working)
  runBeside(working)
  return toRunView(mine)
}

/** A streamed run that is under way is shown as it is. */
async function readRunOf(accountId: Types.ObjectId, runId: string): Promise<ActionRunView> {
  const run = await findRun(accountId, runId)
  if (!run) throw new ActionStillRunning()
  return toRunView(run)
}

/** Ends an abandoned run: captures what was done and releases the rest. Any process may call it. */
export async function recoverRun(run: ActionRun): Promise<ActionRun> {
  const mine = run.finishedAt ? null : await takeOverRun(run, 0)
  if (!mine) return run
  if (mine.status === 'ran') return capture(mine)
  return giveBack(mine, 'It was interrupted.')
}

/** The next run of the job ends the others. */
const RECOVERED_AT_ONCE = 100

/** Ends the runs that dead processes abandoned, for the job `end-abandoned-runs`; returns how many. */
export async function recoverAbandonedRuns(): Promise<number> {
  const runs = await listAbandonedRuns(RECOVERED_AT_ONCE)
  let ended = 0
  for (const run of runs) {
    try {
      await recoverRun(run)
      ended++
    } catch (error) {
      logger.error({ error, runId: run._id }, 'An abandoned run could not be ended')
    }
  }
  return ended
}

/** Runs the action and captures its price. Until the result is stored as `ran`, a failure costs nothing. */
async function work(run: ActionRun, action: PaidAction, prepared: PreparedRun, plan: Plan): Promise<ActionRun> {
  let result: ActionResult
  try {
    result = checkResult(await runWithin(run, action, prepared, plan), run.units)
  } catch (error) {
    logger.error({ error, actionId: action.id, runId: run._id }, 'A paid action failed; its credits are released')
    return giveBack(run, error instanceof DomainError ? error.message : 'It did not work.')
  }
  const ran = await changeRun(run, {
    status: 'ran',
    unitsUsed: result.unitsUsed ?? run.units,
    creditsSpent: creditsOf(result, run, action),
    ...(result.text !== undefined && { progress: { text: result.text, credits: creditsOf(result, run, action) } }),
    note: result.note ?? null,
    facts: result.facts,
    files: result.files.map((file) => ({ ...file, body: Buffer.from(file.body) })),
  })
  if (!ran) throw new ActionStillRunning()
  return capture(ran)
}

/** How long a streamed run may take to return what there is, after it was told to end. */
const LAST_WORDS_MS = 5_000

async function runWithin(run: ActionRun, action: PaidAction, prepared: PreparedRun, plan: Plan): Promise<ActionResult> {
  const { timeoutMs, isStreamed, unit } = action
  const progress = isStreamed ? followProgress(run, timeoutMs) : null
  const signal = progress?.signal ?? AbortSignal.timeout(timeoutMs)
  const report = (text: string, units: number) => progress?.report(text, units * unit.credits)
  const limit = AbortSignal.timeout(isStreamed ? timeoutMs + LAST_WORDS_MS : timeoutMs)
  const tooLong = new Promise<never>((_, reject) => {
    limit.addEventListener('abort', () => reject(new Error(`took longer than ${timeoutMs} ms`)), { once: true })
  })
  try {
    return await Promise.race([prepared.run({ plan, signal, report }), tooLong])
  } finally {
    await progress?.end()
  }
}

const creditsOf = ({ unitsUsed }: ActionResult, { units }: ActionRun, { unit }: PaidAction): number =>
  (unitsUsed ?? units) * unit.credits

/** An action that reports more units than were held, or returns too much data, is broken and is not paid. */
function checkResult(result: ActionResult, units: number): ActionResult {
  const used = result.unitsUsed ?? units
  if (!Number.isSafeInteger(used) || used < 0 || used > units) throw new Error(`used ${used} of ${units} units`)
  const bytes = result.files.reduce((sum, { body }) => sum + body.byteLength, 0)
  if (bytes > FILES_BYTES_MAX) throw new Error(`made ${bytes} bytes of files`)
  return result
}

/** Keeps what was used of the hold, once, and shows the result. */
async function capture(run: ActionRun): Promise<ActionRun> {
  try {
    await captureHold({ accountId: run.accountId, holdId: run.holdId, credits: run.creditsSpent ?? run.credits })
  } catch (error) {
    if (!(error instanceof HoldAlreadyResolved || error instanceof HoldNotFound)) throw error
    const ids = { actionId: run.actionId, runId: run._id }
    logger.warn(ids, 'A run finished after its hold had ended; nothing was charged')
    return finish(run, { ...NOTHING, failure: 'It took too long, so its reserved credits were released.' })
  }
  return finish(run, { status: 'done' })
}

/** Releases the hold, once, and stores that the run failed. */
async function giveBack(run: ActionRun, failure: string): Promise<ActionRun> {
  try {
    await releaseHold({ accountId: run.accountId, holdId: run.holdId })
  } catch (error) {
    // A hold expires by itself, and one that has ended needs no release.
    const isHarmless = [CreditsUnavailable, HoldNotFound, HoldAlreadyResolved].some((kind) => error instanceof kind)
    if (!isHarmless) throw error
    logger.warn({ error, runId: run._id }, 'A hold could not be released at once')
  }
  return finish(run, { ...NOTHING, failure })
}

/** A failed run: no charge, no result. */
const NOTHING = {
  status: 'failed',
  unitsUsed: 0,
  creditsSpent: 0,
  progress: null,
  facts: {},
  files: [],
} satisfies Partial<ActionRun>

async function finish(run: ActionRun, change: Partial<ActionRun>): Promise<ActionRun> {
  const finished = await changeRun(run, { ...change, finishedAt: now() })
  return finished ?? (await findRun(run.accountId, run._id)) ?? run
}

/** Waits briefly for the process that is running the same request. */
async function waitForRun(accountId: Types.ObjectId, runId: string, inputHash: string): Promise<ActionRunView> {
  for (let waited = 0; waited < WAIT_MS; waited += WAIT_STEP_MS) {
    const run = await findRun(accountId, runId)
    if (run && run.inputHash !== inputHash) throw new IdempotencyConflict()
    if (run?.finishedAt) return toRunView(run)
    await sleep(WAIT_STEP_MS)
  }
  throw new ActionStillRunning()
}
