import type { Types } from 'mongoose'
import { CreditsUnavailable } from '#app/credits/errors.ts'
import { captureHold, placeHold } from '#app/credits/hold.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { now } from '#app/clock.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { Killed } from './chaos.ts'

/** Runs some work of the app, perhaps on a machine that dies. */
export type Attempt = <T>(work: () => Promise<T>) => Promise<T>

const TRIES = 4

/** What a customer knows to have spent: every acknowledged spend, however often it was retried. */
export class Wallet {
  spent = 0
  #holds: { id: string; credits: number; expiresAt: Date }[] = []

  constructor(
    readonly accountId: Types.ObjectId,
    readonly attempt: Attempt,
  ) {}

  async spend(credits: number): Promise<void> {
    const key = freshKey('spend')
    const { accountId } = this
    const answer = await this.#ask(() => spendCredits({ accountId, key, credits, action: 'life' }))
    if (answer) this.spent += credits
  }

  async hold(credits: number): Promise<void> {
    const key = freshKey('hold')
    const { accountId } = this
    const placed = await this.#ask(() => placeHold({ accountId, key, credits, action: 'life', ttlMs: 23 * HOUR_MS }))
    if (placed) this.#holds.push({ id: placed.holdId, credits, expiresAt: placed.expiresAt })
  }

  /** Ends a hold: a capture, or a release if nothing was used. */
  async capture(nth: number, share: number): Promise<void> {
    const hold = this.#holds[nth % Math.max(1, this.#holds.length)]
    if (!hold) return
    // So that no other step ends it meanwhile.
    this.#holds = this.#holds.filter((other) => other !== hold)
    const credits = Math.floor(hold.credits * share)
    const { accountId } = this
    const answer = await this.#ask(() => captureHold({ accountId, holdId: hold.id, credits }))
    if (answer) this.spent += credits
  }

  /** Credits that must still be held, once the job has released expired holds. */
  get held(): number {
    return this.#holds.filter(({ expiresAt }) => expiresAt > now()).reduce((sum, { credits }) => sum + credits, 0)
  }

  /** Repeats a request under the same key until there is an answer. @returns null when it was refused */
  async #ask<T>(work: () => Promise<T>): Promise<T | null> {
    for (let round = 1; ; round++) {
      try {
        return await (round < TRIES ? this.attempt(work) : work())
      } catch (error) {
        const isOpen = error instanceof Killed || error instanceof CreditsUnavailable
        if (isOpen && round < TRIES) continue
        if (error instanceof DomainError && !isOpen) return null
        throw error
      }
    }
  }
}

const HOUR_MS = 60 * 60 * 1000
