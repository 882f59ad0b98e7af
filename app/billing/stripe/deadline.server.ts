import { AsyncLocalStorage } from 'node:async_hooks'
import { config } from '../../config.server.ts'
import { StripeUnavailable } from '../errors.ts'

/*
 * How long Stripe may take. Webhooks and jobs can wait; a page makes several calls in a row, and its user wants an
 * answer within about 15 seconds.
 */

export interface TimeLimits {
  /** Milliseconds per attempt. */
  timeout: number
  /** Attempts after the first. */
  maxNetworkRetries: number
}

/** Kept short: further deliveries about the same object wait for a webhook's call. */
const WITHOUT_DEADLINE: TimeLimits = { timeout: 10_000, maxNetworkRetries: 1 }

interface Wait {
  limits: TimeLimits
  isOver: boolean
}

const waits = new AsyncLocalStorage<Wait | null>()

/** The time limits for a Stripe call made here. */
export const timeLimits = (): TimeLimits => waits.getStore()?.limits ?? WITHOUT_DEADLINE

/**
 * Prevents Stripe calls after the deadline.
 * @throws StripeUnavailable when the deadline has passed
 */
export function throwIfExpired(): void {
  if (waits.getStore()?.isOver) throw new StripeUnavailable()
}

/**
 * Runs work for a page with a deadline. What Stripe started before it is not undone: every object is created under a
 * key, so the same form finds it again.
 * @param seconds how long it may take; unless given, as long as a page may
 * @throws StripeUnavailable when it takes too long, and whatever `work` throws
 */
export async function withDeadline<T>(work: () => Promise<T>, seconds = Infinity): Promise<T> {
  if (waits.getStore()) return work()
  const total = Math.min(seconds, config().stripe.patienceSeconds) * 1000
  // Half per attempt, so that one that hangs leaves time for another.
  const wait: Wait = { limits: { timeout: Math.ceil(total / 2), maxNetworkRetries: 1 }, isOver: false }
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      wait.isOver = true
      reject(new StripeUnavailable())
    }, total)
  })
  const working = within(wait, work)
  working.catch(() => undefined)
  return Promise.race([working, tooLong]).finally(() => clearTimeout(timer))
}

/** Runs shared work: one caller's deadline must not cancel it for the others. */
export const withoutDeadline = <T>(work: () => Promise<T>): Promise<T> =>
  waits.getStore() ? within(null, work) : work()

let running = 0

/** On Node 20, an AsyncLocalStorage in use slows every promise in the process, so it is disabled when no work is left. */
async function within<T>(wait: Wait | null, work: () => Promise<T>): Promise<T> {
  running++
  try {
    return await waits.run(wait, work)
  } finally {
    running--
    if (running === 0) waits.disable()
  }
}
