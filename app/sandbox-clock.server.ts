import { z } from 'zod'
import { moveClock } from './clock.server.ts'
import { config } from './config.server.ts'
import { logger } from './log.server.ts'

/*
 * In local mode the app's clock follows the sandbox's, so that skipping a month there also moves grace periods, trials,
 * expiries and what pages say. In production there is no sandbox.
 */

const EVERY_MS = 1_000
const TIMEOUT_MS = 2_000

/** While the sandbox moves its clock. */
const MOVING_EVERY_MS = 20

const answerSchema = z.object({
  /** How many seconds the sandbox is ahead of the machine. */
  offset: z.number().nonnegative(),
  /** A new number for each stage of a move, once what is due by then was delivered. */
  stage: z.number(),
  isMoving: z.boolean(),
})
type Answer = z.infer<typeof answerSchema>

/** Does what is due now, and says when something is due next. */
type KeepPace = () => Promise<Date | null>

let reading: Promise<Answer | null> | null = null
let isFollowing = false

/**
 * Asks the sandbox how far it is ahead, and follows it. If it does not answer, the clock stays as it is.
 * @returns whether it answered
 */
export async function readSandboxClock(): Promise<boolean> {
  reading ??= ask('').finally(() => (reading = null))
  return (await reading) !== null
}

/**
 * Reads the clock for a request from the sandbox, which may be the first after a skipped month: a grace period that starts
 * before the skip would be over at once. A reading that is already running may have begun before the skip.
 */
export async function catchUpWithSandbox(): Promise<void> {
  if (!isFollowing) return
  await reading
  await readSandboxClock()
}

async function ask(search: string): Promise<Answer | null> {
  const { sandboxUrl, isLocal } = config()
  if (!isLocal || sandboxUrl === null) return null
  try {
    const response = await fetch(`${sandboxUrl}/_sandbox/clock${search}`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) return null
    const answer = answerSchema.parse(await response.json())
    moveClock(answer.offset * 1_000)
    return answer
  } catch (error) {
    logger.debug({ err: error }, 'The sandbox did not answer with its time')
    return null
  }
}

/**
 * Follows the sandbox's clock as long as the process runs, if a sandbox stands in for Stripe. A move has stages, and at each
 * of them what is due is done before time continues.
 * @param options `everyMs`: how long to wait between two readings
 */
export function localClock({ everyMs = EVERY_MS, keepPace }: { everyMs?: number; keepPace?: KeepPace } = {}) {
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<void> = Promise.resolve()
  let done: { stage: number; next: Date | null } | null = null
  const look = async (): Promise<boolean> => {
    const answer = await ask(done && keepPace ? searchOf(done) : '')
    if (answer && done && keepPace && answer.stage !== done.stage) {
      const next = await keepPace().catch((error: unknown) => {
        logger.error({ err: error }, 'What was due at a stage of the sandbox’s clock failed')
        return null
      })
      done = { stage: answer.stage, next }
      await ask(searchOf(done))
    }
    if (answer) done ??= { stage: answer.stage, next: null }
    return answer?.isMoving ?? false
  }
  const follow = async (): Promise<void> => {
    const isMoving = await look()
    const wait = isMoving ? Math.min(everyMs, MOVING_EVERY_MS) : everyMs
    if (isFollowing) timer = setTimeout(again, wait).unref()
  }
  const again = () => {
    turn = follow()
  }
  return {
    name: 'local-clock',
    async start(): Promise<void> {
      const { sandboxUrl, isLocal } = config()
      isFollowing = isLocal && sandboxUrl !== null
      if (isFollowing) await follow()
    },
    async stop(): Promise<void> {
      isFollowing = false
      clearTimeout(timer)
      await Promise.all([reading, turn])
    },
  }
}

const searchOf = ({ stage, next }: { stage: number; next: Date | null }): string =>
  `?done=${stage}${next ? `&next=${Math.ceil(next.getTime() / 1000)}` : ''}`
