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

/** `offset`: seconds by which the sandbox is ahead of the machine that both run on. */
const answerSchema = z.object({ offset: z.number().nonnegative() })

let reading: Promise<boolean> | null = null
let isFollowing = false

/**
 * Asks the sandbox once how far it is ahead, and follows. A sandbox that does not answer leaves the clock as it is.
 * @returns whether it answered
 */
export function readSandboxClock(): Promise<boolean> {
  reading ??= readOnce().finally(() => (reading = null))
  return reading
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

async function readOnce(): Promise<boolean> {
  const { sandboxUrl, isLocal } = config()
  if (!isLocal || sandboxUrl === null) return false
  try {
    const response = await fetch(`${sandboxUrl}/_sandbox/clock`, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    if (!response.ok) return false
    const { offset } = answerSchema.parse(await response.json())
    moveClock(offset * 1_000)
    return true
  } catch (error) {
    logger.debug({ err: error }, 'The sandbox did not tell its time')
    return false
  }
}

/**
 * Follows the sandbox's clock for as long as the process runs; does nothing where no sandbox stands in for Stripe.
 * @param options `everyMs`: how long to wait between two looks
 */
export function localClock({ everyMs = EVERY_MS }: { everyMs?: number } = {}) {
  let timer: NodeJS.Timeout | undefined
  const follow = async () => {
    await readSandboxClock()
    if (isFollowing) timer = setTimeout(() => void follow(), everyMs).unref()
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
      await reading
    },
  }
}
