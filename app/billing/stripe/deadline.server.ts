import { AsyncLocalStorage } from 'node:async_hooks'
import { config } from '../../config.server.ts'
import { StripeUnavailable } from '../errors.ts'

/*
 * How long Stripe may take. Nobody sees a webhook or a job wait; somebody at a page waits for several calls in a row, and
 * after a quarter of a minute wants to be told.
 */

export interface Patience {
  /** Milliseconds for one try of one call. */
  timeout: number
  /** Tries after the first. */
  maxNetworkRetries: number
}

/** Not longer: what a webhook waits for is shared by all further deliveries about the same object. */
const UNSEEN: Patience = { timeout: 10_000, maxNetworkRetries: 1 }

interface Wait {
  patience: Patience
  isOver: boolean
}

const waits = new AsyncLocalStorage<Wait | null>()

/** How long the call that is made here may take. */
export const patience = (): Patience => waits.getStore()?.patience ?? UNSEEN

/** @throws StripeUnavailable when whoever waited for this has been told so already: nothing more is begun then */
export function throwIfExpired(): void {
  if (waits.getStore()?.isOver) throw new StripeUnavailable()
}

/**
 * Does something for somebody who waits at a page. What Stripe has begun by the time it takes too long is not undone:
 * everything that is created carries a key, so that the same form finds it again.
 * @param seconds how long it may take; unless given, as long as a page may
 * @throws StripeUnavailable when it takes too long, and whatever `work` throws
 */
export async function withDeadline<T>(work: () => Promise<T>, seconds = Infinity): Promise<T> {
  if (waits.getStore()) return work()
  const total = Math.min(seconds, config().stripe.patienceSeconds) * 1000
  // Half for one try, so that one that hangs leaves time for another.
  const wait: Wait = { patience: { timeout: Math.ceil(total / 2), maxNetworkRetries: 1 }, isOver: false }
  let timer: NodeJS.Timeout | undefined
  const tooLong = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      wait.isOver = true
      reject(new StripeUnavailable())
    }, total)
  })
  const working = waits.run(wait, work)
  working.catch(() => undefined)
  return Promise.race([working, tooLong]).finally(() => clearTimeout(timer))
}

/** Does something that others share and that is not to end because one of them no longer waits. */
export const withoutDeadline = <T>(work: () => Promise<T>): Promise<T> => waits.run(null, work)
