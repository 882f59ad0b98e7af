import type { mongo, Types } from 'mongoose'
import { CREDITS } from './customers.ts'
import { database } from './installation.ts'

/** What most would write instead of an account: a number, without a history. */
export interface Counter {
  _id: Types.ObjectId
  credits: number
}

export const COUNTERS = 'bench_counters'

/** Creates a counter for each account, under the same id. */
export async function createCounters(ids: Types.ObjectId[]): Promise<mongo.Collection<Counter>> {
  const counters = database().collection<Counter>(COUNTERS)
  await counters.insertMany(ids.map((_id) => ({ _id, credits: CREDITS })))
  return counters
}
