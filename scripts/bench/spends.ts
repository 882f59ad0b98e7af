import type { mongo, Types } from 'mongoose'
import { apiKeyFor } from '#app/credits/keys.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { type Counter, createCounters } from './counters.ts'
import { fundedAccount } from './customers.ts'
import { database, type Server, withBenchDatabase } from './installation.ts'
import { startPostgres } from './postgres.ts'
import { type Goal, printTable } from './report.ts'
import { ROUND_MS, ROUNDS } from './settings.ts'
import { type Contender, inCallers, printRatios, sideBySide } from './side-by-side.ts'

/** The goals by the number of callers. A hot account posts its log all the time, so its goal is for both lines. */
const HOT_GOALS: Record<number, Goal> = { 1: { atLeast: 0.6 }, 64: { atLeast: 2 }, 256: { atLeast: 2 } }
const WIDE_GOALS: Record<number, Goal> = { 32: { atLeast: 0.8 }, 128: { atLeast: 0.8 } }

/** What exactness costs: `spendCredits` beside a bare counter, and beside what most would write. */
export async function benchSpends(server: Server): Promise<void> {
  if (!process.env.BENCH_POSTGRES_URI) {
    printTable('PostgreSQL is left out: BENCH_POSTGRES_URI is not set', [])
  }
  await withBenchDatabase(server, async () => {
    await compare({ title: 'One hot account', accounts: 1, callerCounts: [1, 64, 256], goals: HOT_GOALS })
    await compare({ title: '1,000 accounts', accounts: 1_000, callerCounts: [1, 32, 128], goals: WIDE_GOALS })
    // In a short round each of a thousand logs gets an entry or two; here they fill as they do in steady use.
    await compare({ title: '100 accounts', accounts: 100, callerCounts: [32, 128], goals: WIDE_GOALS })
  })
}

interface Comparison {
  title: string
  accounts: number
  callerCounts: number[]
  goals: Record<number, Goal>
}

async function compare({ title, accounts, callerCounts, goals }: Comparison): Promise<void> {
  const ids = await Promise.all(Array.from({ length: accounts }, () => fundedAccount()))
  const counters = await createCounters(ids)
  const ledger = database().collection('bench_ledger')
  await ledger.createIndex({ accountId: 1, at: -1 })
  const postgres = await startPostgres(ids)
  try {
    for (const callers of callerCounts) {
      const contenders = [...contendersOf(ids, counters, ledger, goals[callers]), ...(postgres?.contenders ?? [])]
      const results = await sideBySide(contenders, { callers, rounds: ROUNDS, roundMs: ROUND_MS })
      printRatios(`${title}, ${inCallers(callers)}: spends beside a bare counter`, results)
    }
  } finally {
    await postgres?.close()
  }
}

function contendersOf(
  ids: Types.ObjectId[],
  counters: mongo.Collection<Counter>,
  ledger: mongo.Collection<mongo.Document>,
  goal: Goal | undefined,
): Contender[] {
  const idOf = (n: number) => ids[n % ids.length] as Types.ObjectId
  const take = (n: number) =>
    counters.findOneAndUpdate({ _id: idOf(n), credits: { $gte: 1 } }, { $inc: { credits: -1 } })
  const spend = (n: number) =>
    spendCredits({ accountId: idOf(n), key: apiKeyFor('spend', `bench-${n}`), credits: 1, action: 'bench' })
  const drain = async () => {
    for (let start = 0; start < ids.length; start += 32) {
      await Promise.all(ids.slice(start, start + 32).map((id) => settleAccount(id)))
    }
  }
  return [
    { name: 'bare conditional $inc, no ledger', run: take },
    {
      name: 'read, then write, no ledger (wrong)',
      run: async (n) => {
        const counter = await counters.findOne({ _id: idOf(n) })
        if (counter) await counters.updateOne({ _id: idOf(n) }, { $set: { credits: counter.credits - 1 } })
      },
    },
    {
      name: 'decrement, then ledger insert (inexact)',
      run: async (n) => {
        const after = await take(n)
        await ledger.insertOne({
          accountId: idOf(n),
          amount: -1,
          balance: after?.credits,
          action: 'bench',
          at: new Date(),
        })
      },
    },
    { name: 'spendCredits', run: spend, clear: drain, goal: ids.length === 1 ? goal : undefined },
    { name: 'spendCredits, log drained to the ledger', run: spend, drain, goal },
  ]
}
