import { z } from 'zod'
import { moveClock } from './clock.server.ts'
import { config } from './config.server.ts'
import { logger } from './log.server.ts'

/*
 * In local mode the app's clock follows the sandbox's, so that a month skipped there also moves grace periods, trials,
 * expiries and what the pages say. In production there is no sandbox, and with it none of this.
 */

const EVERY_MS = 1_000
const TIMEOUT_MS = 2_000

/** While the sandbox moves its clock. */
const MOVING_EVERY_MS = 20

const answerSchema = z.object({
  /** Seconds by which the sandbox is ahead of the machine that both run on. */
  offset: z.number().nonnegative(),
  /** A new number for each stage of a move, and what is due by then has been delivered. */
  stage: z.number(),
  isMoving: z.boolean(),
})
type Answer = z.infer<typeof answerSchema>

/** Does what is due now, and says when there will be something to do next. */
export type KeepPace = () => Promise<Date | null>

let reading: Promise<Answer | null> | null = null
let isFollowing = false

/**
 * Asks the sandbox once how far it is ahead, and follows. A sandbox that does not answer leaves the clock as it is.
 * @returns whether it answered
 */
export async function readSandboxClock(): Promise<boolean> {
  reading ??= ask('').finally(() => (reading = null))
  return (await reading) !== null
}

/**
 * The same for what has just come in from the sandbox: it may be the first to tell of a skipped month, and a grace period
 * that is counted from the time before would be over at once. A reading that is under way may have begun before that.
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
    logger.debug({ err: error }, 'The sandbox did not tell its time')
    return null
  }
}

/**
 * Follows the sandbox's clock for as long as the process runs; does nothing where no sandbox stands in for Stripe. A move
 * comes in stages, and at each of them what is due is done before time goes on.
 * @param options `everyMs`: how long to wait between two looks
 */
export function localClock({ everyMs = EVERY_MS, keepPace }: { everyMs?: number; keepPace?: KeepPace } = {}) {
  let timer: NodeJS.Timeout | undefined
  let turn: Promise<void> = Promise.resolve()
  let done: { stage: number; next: Date | null } | null = null
  const look = async (): Promise<boolean> => {
    const answer = await ask(done && keepPace ? searchOf(done) : '')
    if (answer && done && keepPace && answer.stage !== done.stage) {
      const next = await keepPace().catch((error: unknown) => {
        logger.error({ err: error }, 'What was due at a stage of the sandbox’s clock could not be done')
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
