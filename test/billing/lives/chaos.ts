import { AsyncLocalStorage } from 'node:async_hooks'
import mongoose from 'mongoose'
import Stripe from 'stripe'

/*
 * Crashes of the app's process at a call of the database or of Stripe. Everything that it
 * would have done afterwards does not happen; what it had done remains.
 */

/** The process died here. */
export class Killed extends Error {
  override name = 'Killed'
}

interface Mortal {
  /** The number of calls that are left. */
  calls: number
  /** Whether the last call takes effect before its answer is lost. */
  after: boolean
}

const mortals = new AsyncLocalStorage<Mortal>()
const READS = ['findOne', 'countDocuments'] as const
const WRITES = [
  'findOneAndUpdate',
  'insertOne',
  'insertMany',
  'updateOne',
  'updateMany',
  'bulkWrite',
  'deleteOne',
] as const

type Call = (this: unknown, ...args: unknown[]) => Promise<unknown>

/** Runs some work of the app, which dies at its n-th call of the database or of Stripe. */
export function mortal<T>(calls: number, after: boolean, work: () => Promise<T>): Promise<T> {
  return mortals.run({ calls, after }, work)
}

/** Lets the calls of this process crash it. @returns a function that restores them */
export function makeCallsMortal(): () => void {
  const undo: (() => void)[] = []
  const collection = mongoose.mongo.Collection.prototype as unknown as Record<string, Call>
  for (const name of [...READS, ...WRITES]) undo.push(wrap(collection, name))
  const client = Object.getPrototypeOf(Stripe.createNodeHttpClient()) as Record<string, Call>
  undo.push(wrap(client, 'makeRequest'))
  // The client library waits half a second before it retries, which is too slow for thousands of calls.
  const sdk = Stripe.prototype as unknown as { getInitialNetworkRetryDelay: () => number }
  const delay = sdk.getInitialNetworkRetryDelay
  sdk.getInitialNetworkRetryDelay = () => 0.002
  undo.push(() => {
    sdk.getInitialNetworkRetryDelay = delay
  })
  return () => undo.forEach((one) => one())
}

function wrap(owner: Record<string, Call>, name: string): () => void {
  const original = owner[name]!
  owner[name] = async function (...args) {
    const mortal = mortals.getStore()
    if (!mortal) return original.apply(this, args)
    mortal.calls--
    if (mortal.calls < 0 || (mortal.calls === 0 && !mortal.after)) throw new Killed()
    const answer = await original.apply(this, args)
    if (mortal.calls === 0) throw new Killed()
    return answer
  }
  return () => {
    owner[name] = original
  }
}

/** Numbers in [0, 1) determined by a seed: mulberry32. */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
