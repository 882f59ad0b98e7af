import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Types } from 'mongoose'
import { now } from '../clock.server.ts'
import { SharedWrites } from './shared-writes.server.ts'
import { type CreditStore, mongoStore } from './store.server.ts'

/** The engine's dependencies; the simulator gives each of its processes its own. */
export interface CreditPorts {
  store: CreditStore
  now(): Date
  /** A new version: random, so that one seen before a failover rolled it back can never match again. */
  newVersion(): string
  /** Waits a little before another round. */
  pause(round: number): Promise<void>
  versions: VersionCache
  /** Spends that this process can write together. */
  shared: SharedWrites
  /** Queues operations on one account that renew its version, so that they do not make each other miss. */
  inTurn<T>(accountId: Types.ObjectId, run: () => Promise<T>): Promise<T>
}

/**
 * The versions that this process last read, so that a warm spend needs no read. A stale one costs a miss and a read,
 * never a wrong write.
 */
export class VersionCache {
  readonly #versions = new Map<string, string>()

  /** @param max accounts to remember */
  constructor(private readonly max = 20_000) {}

  get(accountId: Types.ObjectId): string | undefined {
    return this.#versions.get(accountId.toHexString())
  }

  set(accountId: Types.ObjectId, version: string): void {
    const id = accountId.toHexString()
    this.#versions.delete(id)
    this.#versions.set(id, version)
    if (this.#versions.size <= this.max) return
    const [oldest] = this.#versions.keys()
    this.#versions.delete(oldest!)
  }

  delete(accountId: Types.ObjectId): void {
    this.#versions.delete(accountId.toHexString())
  }
}

/**
 * One queue per account, within this process; the fence handles other processes. It saves retries, and nothing depends
 * on it.
 */
export class Lines {
  readonly #tails = new Map<string, Promise<unknown>>()

  async inTurn<T>(accountId: Types.ObjectId, run: () => Promise<T>): Promise<T> {
    const id = accountId.toHexString()
    const before = this.#tails.get(id)
    const mine = before ? before.then(run, run) : run()
    this.#tails.set(id, mine)
    try {
      return await mine
    } finally {
      if (this.#tails.get(id) === mine) this.#tails.delete(id)
    }
  }
}

const lines = new Lines()

export const livePorts: CreditPorts = {
  store: mongoStore,
  now,
  newVersion: () => randomBytes(12).toString('base64url'),
  pause: async (round) => {
    if (round > 0) await sleep(Math.random() * 10 * 2 ** Math.min(round, 5))
  },
  versions: new VersionCache(),
  shared: new SharedWrites(),
  inTurn: (accountId, run) => lines.inTurn(accountId, run),
}
