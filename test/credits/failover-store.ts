import { CreditsUnavailable } from '#app/credits/errors.ts'
import type { CreditStore } from '#app/credits/store.server.ts'
import { MemoryStore } from './simulator/memory-store.ts'
import type { Random } from './simulator/random.ts'

interface Call {
  isWrite: boolean
  run: (on: MemoryStore) => Promise<unknown>
  resolve: (answer: unknown) => void
  reject: (error: Error) => void
}

/**
 * A replica set as a client sees it: a write takes effect on the primary at once and is acknowledged by a majority;
 * a failover rolls back what no majority had. The seed decides the order of everything.
 */
export class FailoverStore implements CreditStore {
  #primary = new MemoryStore()
  #majority = new MemoryStore()
  #waiting: Call[] = []
  #unanswered: { call: Call; answer: unknown }[] = []
  failovers = 0

  constructor(
    readonly random: Random,
    /** What reads see; 'primary' is the mistake that this store exists to reveal. */
    readonly readsFrom: 'majority' | 'primary' = 'majority',
  ) {}

  /** What no failover can roll back. */
  get committed(): MemoryStore {
    return this.#majority
  }

  get busy(): boolean {
    return this.#waiting.length + this.#unanswered.length > 0
  }

  findAccount: CreditStore['findAccount'] = (id) => this.#ask(false, (on) => on.findAccount(id))
  findEntry: CreditStore['findEntry'] = (id) => this.#ask(false, (on) => on.findEntry(id))
  findEntriesOfSource: CreditStore['findEntriesOfSource'] = (id, source) =>
    this.#ask(false, (on) => on.findEntriesOfSource(id, source))
  insertAccount: CreditStore['insertAccount'] = (account) => this.#ask(true, (on) => on.insertAccount(account))
  updateAccount: CreditStore['updateAccount'] = (filter, update) =>
    this.#ask(true, (on) => on.updateAccount(filter, update))
  renewAccount: CreditStore['renewAccount'] = (filter, update, version) =>
    this.#ask(true, (on) => on.renewAccount(filter, update, version))
  insertEntries: CreditStore['insertEntries'] = (rows) => this.#ask(true, (on) => on.insertEntries(rows))

  /** One thing happens: a call reaches the primary, a majority catches up, or the primary is lost. */
  async step({ mayFail }: { mayFail: boolean }): Promise<void> {
    const chance = this.random.below(12)
    const call = chance < 8 ? this.#waiting.splice(this.random.below(this.#waiting.length || 1), 1)[0] : undefined
    if (call) return this.#serve(call)
    if (mayFail && chance === 11) this.#failOver()
    else this.#commit()
  }

  async #serve(call: Call): Promise<void> {
    if (!call.isWrite)
      return call.resolve(await call.run(this.readsFrom === 'majority' ? this.#majority : this.#primary))
    // A write that changes nothing is also acknowledged only once a majority has what it saw.
    this.#unanswered.push({ call, answer: await call.run(this.#primary) })
  }

  #commit(): void {
    this.#majority = copyOf(this.#primary)
    for (const { call, answer } of this.#unanswered.splice(0)) call.resolve(answer)
  }

  #failOver(): void {
    this.failovers++
    this.#primary = copyOf(this.#majority)
    for (const { call } of this.#unanswered.splice(0)) call.reject(new CreditsUnavailable())
  }

  #ask<T>(isWrite: boolean, run: (on: MemoryStore) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ isWrite, run, resolve: resolve as (answer: unknown) => void, reject })
    })
  }
}

/** Documents are replaced and never changed, so a copy of the maps is a copy of the state. */
function copyOf({ accounts, entries }: MemoryStore): MemoryStore {
  const copy = new MemoryStore()
  copy.accounts = new Map(accounts)
  copy.entries = new Map(entries)
  return copy
}
