import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Types } from 'mongoose'
import type { CreditAccount } from '#models/credit-account.server.ts'
import { now } from '../clock.server.ts'
import { logger } from '../log.server.ts'
import { CallBatcher } from '../call-batcher.ts'
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
  /**
   * Settles an account, once for all who ask meanwhile: beside what the caller does, or, where its log is long, as
   * something that the caller waits for.
   */
  soon(accountId: Types.ObjectId, pendingCount: number, settle: () => Promise<unknown>): Promise<unknown> | undefined
}

/** What a process remembers of an account. */
export interface KnownVersion {
  version: string
  /** Under this version the log is marked for posting: only a write that renews the version can unmark it. */
  isLogMarked: boolean
  /** As of this version, which every change of them renews; their counts may be older. */
  spendingCaps: CreditAccount['spendingCaps']
}

type VersionedAccount = Pick<CreditAccount, '_id' | 'version' | 'loggedSince' | 'spendingCaps'>

/**
 * The versions that this process last read, so that a warm spend needs no read. A stale one costs a miss and a read,
 * never a wrong write.
 */
export class VersionCache {
  readonly #versions = new Map<string, KnownVersion>()

  /** @param max accounts to remember */
  constructor(private readonly max = 20_000) {}

  get(accountId: Types.ObjectId): KnownVersion | undefined {
    return this.#versions.get(accountId.toHexString())
  }

  set({ _id, version, loggedSince, spendingCaps }: VersionedAccount): void {
    const id = _id.toHexString()
    this.#versions.delete(id)
    this.#versions.set(id, { version, isLogMarked: loggedSince !== undefined, spendingCaps })
    if (this.#versions.size <= this.max) return
    const [oldest] = this.#versions.keys()
    this.#versions.delete(oldest!)
  }

  /** Remembers that the log is marked for posting under this version. */
  markLog(accountId: Types.ObjectId, version: string): void {
    const known = this.get(accountId)
    if (known?.version === version) known.isLogMarked = true
  }

  /** Forgets a version that missed, unless a newer one has come since. */
  drop(accountId: Types.ObjectId, version: string): void {
    const id = accountId.toHexString()
    if (this.#versions.get(id)?.version === version) this.#versions.delete(id)
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

/**
 * From this length on a log is posted before the next write, so that writers cannot outrun the posting. Below it, posting
 * waits a little after the last time: each settle makes the spends under way miss.
 */
const LONG_LOG = 256
const PAUSE_MS = 250

/** Accounts to settle, each once at a time: those of a batch share their reads and inserts. */
class SettleQueue {
  readonly #underWay = new Map<string, Promise<unknown>>()
  readonly #recent = new Set<string>()
  readonly #batches = new CallBatcher(
    (settles: (() => Promise<unknown>)[]) => Promise.all(settles.map((settle) => settle().catch(toError))),
    16,
  )

  /** @returns what to wait for, where the log is long */
  add(accountId: Types.ObjectId, pendingCount: number, settle: () => Promise<unknown>): Promise<unknown> | undefined {
    const id = accountId.toHexString()
    if (pendingCount >= LONG_LOG) return this.#underWay.get(id) ?? this.#start(id, settle)
    if (this.#underWay.has(id) || this.#recent.has(id)) return undefined
    this.#start(id, settle).catch((error: unknown) => {
      logger.warn({ err: error, accountId }, 'A full credit log could not be settled at once; the job will do it')
    })
    return undefined
  }

  #start(id: string, settle: () => Promise<unknown>): Promise<unknown> {
    this.#recent.add(id)
    setTimeout(() => this.#recent.delete(id), PAUSE_MS).unref()
    const done = this.#batches.call(settle).finally(() => this.#underWay.delete(id))
    this.#underWay.set(id, done)
    return done
  }
}

const toError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const settles = new SettleQueue()

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
  soon: (...request) => settles.add(...request),
}
