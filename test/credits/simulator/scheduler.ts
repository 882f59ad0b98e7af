import { CreditsUnavailable } from '#app/credits/errors.ts'
import type { CreditPorts } from '#app/credits/ports.server.ts'
import { VersionCache } from '#app/credits/ports.server.ts'
import { SharedWrites } from '#app/credits/shared-writes.server.ts'
import type { CreditStore } from '#app/credits/store.server.ts'
import type { Random } from './random.ts'

/** The chance of each fault: one in this many database calls; 0 means never. */
export interface Faults {
  /** The call takes effect, its answer is lost. */
  answerLost: number
  /** The call is lost before it takes effect. */
  requestLost: number
  /** The caller gets an error now, and the call takes effect at some later time. */
  late: number
  /** The process stops for good. */
  crash: number
}

/** What a process remembers between operations; operations in one process share it. */
export type Memory = Pick<CreditPorts, 'versions' | 'shared'>

export const newMemory = (): Memory => ({ versions: new VersionCache(), shared: new SharedWrites() })

interface Waiting {
  owner: number
  resume: () => void
}

/**
 * Runs logical processes over one store so that a seed decides everything: every database call waits for its
 * turn, and may be hit by a fault.
 */
export class Scheduler {
  #waiting: Waiting[] = []
  #late: (() => Promise<unknown>)[] = []
  #signal: (() => void) | null = null
  #nextVersion = 0
  #owners = 0
  /** The simulated time, in milliseconds: a few hours before a day and a month end. */
  time = Date.UTC(2026, 0, 31, 21)
  afterEffect: () => void | Promise<void> = () => {}

  constructor(
    readonly random: Random,
    readonly store: CreditStore,
    readonly faults: Faults,
  ) {}

  /** The ports of a new logical process; its calls take turns with all others. `skewMs` is the error of its clock. */
  process({ versions, shared }: Memory = newMemory(), skewMs = 0) {
    const owner = this.#owners++
    const turn = <T>(call: () => Promise<T>, write = false) => this.#turn(owner, call, write)
    const { store } = this
    const ports: CreditPorts = {
      store: {
        findAccount: (id) => turn(() => store.findAccount(id)),
        insertAccount: (account) => turn(() => store.insertAccount(account), true),
        updateAccount: (filter, update) => turn(() => store.updateAccount(filter, update), true),
        renewAccount: (filter, update, version) => turn(() => store.renewAccount(filter, update, version), true),
        findEntry: (id) => turn(() => store.findEntry(id)),
        findEntriesOfSource: (id, source) => turn(() => store.findEntriesOfSource(id, source)),
        insertEntries: (rows) => turn(() => store.insertEntries(rows), true),
      },
      now: () => new Date(this.time + skewMs),
      newVersion: () => `v${this.#nextVersion++}`,
      pause: async () => {},
      versions,
      shared,
      inTurn: (_accountId, run) => run(),
      soon: (_accountId, _pendingCount, settle) => settle(),
    }
    return { ports, turn }
  }

  /** The number of processes that wait for a turn. */
  get alive(): number {
    return new Set(this.#waiting.map(({ owner }) => owner)).size
  }

  /** Whether a process is left to take a turn. */
  get busy(): boolean {
    return this.#waiting.length > 0
  }

  /** Lets one waiting call run, or one late write take effect, and returns when everything is idle again. */
  async step(): Promise<void> {
    if (this.#late.length > 0 && this.random.oneIn(8)) await this.landOneLate()
    const next = this.#waiting.splice(this.random.below(this.#waiting.length), 1)[0]
    if (!next) return
    if (this.faults.crash && this.random.oneIn(this.faults.crash)) {
      this.#waiting = this.#waiting.filter((other) => other.owner !== next.owner)
      return
    }
    const still = new Promise<void>((resolve) => (this.#signal = resolve))
    next.resume()
    await still
  }

  async landOneLate(): Promise<void> {
    const write = this.#late.splice(this.random.below(this.#late.length), 1)[0]
    if (!write) return
    await write()
    await this.afterEffect()
  }

  get lateWrites(): number {
    return this.#late.length
  }

  async #turn<T>(owner: number, call: () => Promise<T>, write: boolean): Promise<T> {
    await new Promise<void>((resume) => this.#waiting.push({ owner, resume }))
    try {
      const { random, faults } = this
      if (faults.requestLost && random.oneIn(faults.requestLost)) throw new CreditsUnavailable()
      if (write && faults.late && random.oneIn(faults.late)) {
        this.#late.push(call)
        throw new CreditsUnavailable()
      }
      const answer = await call()
      if (write) await this.afterEffect()
      if (faults.answerLost && random.oneIn(faults.answerLost)) throw new CreditsUnavailable()
      return answer
    } finally {
      // After the caller's own continuation has run up to its next call.
      setImmediate(() => this.#signal?.())
    }
  }
}
