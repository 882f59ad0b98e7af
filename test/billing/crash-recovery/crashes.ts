import mongoose from 'mongoose'
import Stripe from 'stripe'
import { type Deliveries, post, type PostedEvent } from '../scenario.ts'

/*
 * A process that dies at its n-th write, to the database or to Stripe, before the write or right after it took effect.
 * Another process takes over: Stripe retries what was not answered with 200.
 */

export type Moment = 'before' | 'after'

class Died extends Error {
  override name = 'Died'
}

const WRITES = ['insertOne', 'insertMany', 'updateOne', 'updateMany', 'findOneAndUpdate', 'bulkWrite', 'deleteOne']
const READS = ['findOne', 'find', 'countDocuments', 'aggregate']

type Call = (this: unknown, ...args: unknown[]) => unknown
type Methods = Record<string, Call>

/** The process that is to die. There is only one, because the tests wait for everything they start. */
export class DyingProcess {
  #left = Infinity
  #moment: Moment = 'before'
  #isDead = false
  #writes = 0
  readonly #undo: (() => void)[] = []

  /** Counts every call of the database and of Stripe, until `restore`. */
  watch(): void {
    const collection = mongoose.mongo.Collection.prototype as unknown as Methods
    for (const name of WRITES) this.#wrap(collection, name, () => true)
    for (const name of READS) this.#wrap(collection, name, () => false)
    const client = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Methods
    this.#wrap(client, 'makeRequest', ([, , , method]) => method !== 'GET')
    // The client library waits half a second before it retries, which a dead process cannot.
    const sdk = Stripe.prototype as unknown as { getInitialNetworkRetryDelay: () => number }
    const delay = sdk.getInitialNetworkRetryDelay
    sdk.getInitialNetworkRetryDelay = () => 0.001
    this.#undo.push(() => {
      sdk.getInitialNetworkRetryDelay = delay
    })
  }

  restore(): void {
    this.#revive()
    for (const undo of this.#undo.splice(0)) undo()
  }

  /**
   * Runs some work and delivers its events, in a process that dies at a write; then delivers the rest again, to
   * a living one.
   * @param at at which write, counted from 1; Infinity for none
   * @returns how many writes there were, and whether it died
   */
  async live(
    work: () => Promise<unknown>,
    { at, moment, deliveries }: { at: number; moment: Moment; deliveries: Deliveries },
  ): Promise<{ writes: number; died: boolean }> {
    this.#left = at
    this.#moment = moment
    this.#writes = 0
    await work().catch((error: unknown) => {
      if (!this.#isDead) throw error
    })
    const again: PostedEvent[] = []
    for (const event of deliveries.take()) if (!(await isTaken(event))) again.push(event)
    const ended = { writes: this.#writes, died: this.#isDead }
    this.#revive()
    // Events caused by the retries are delivered too.
    for (let round = 0; round < 6; round++) {
      const events = [...again.splice(0), ...deliveries.take()]
      if (events.length === 0) return ended
      for (const event of events) if (!(await isTaken(event))) again.push(event)
    }
    throw new Error(`Still refused: ${again.map(({ type }) => type).join(', ')}`)
  }

  #revive(): void {
    this.#left = Infinity
    this.#isDead = false
  }

  #wrap(owner: Methods, name: string, isWrite: (args: unknown[]) => boolean): void {
    const original = owner[name]!
    const enter = (args: unknown[]): boolean => {
      if (this.#isDead) throw new Died()
      if (!isWrite(args)) return false
      this.#writes++
      this.#left--
      this.#isDead = this.#left <= 0
      if (this.#isDead && this.#moment === 'before') throw new Died()
      return this.#isDead
    }
    // A cursor is returned synchronously, so only calls that return promises may become asynchronous.
    owner[name] =
      name === 'find' || name === 'aggregate'
        ? function (...args) {
            enter(args)
            return original.apply(this, args)
          }
        : async function (...args) {
            const isLast = enter(args)
            const answer = await original.apply(this, args)
            if (isLast) throw new Died()
            return answer
          }
    this.#undo.push(() => {
      owner[name] = original
    })
  }
}

/** A dead process hangs up. */
const isTaken = (event: PostedEvent): Promise<boolean> =>
  post(JSON.stringify(event)).then(
    ({ status }) => status === 200,
    () => false,
  )
