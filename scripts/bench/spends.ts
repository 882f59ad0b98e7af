import mongoose, { type mongo, Types } from 'mongoose'
import { openAccount } from '#app/credits/account.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { apiKeyFor } from '#app/credits/keys.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { type Contender, printRatios, sideBySide } from './side-by-side.ts'

const CREDITS = 1_000_000_000
const ROUNDS = 5
const ROUND_MS = 1_500

interface Counter {
  _id: Types.ObjectId
  credits: number
}

/** What exactness costs: `spendCredits` beside a bare counter, and beside what most would write. */
export async function benchSpends(accounts: number, callerCounts: number[]): Promise<void> {
  const ids = await Promise.all(Array.from({ length: accounts }, newAccount))
  const { db } = mongoose.connection
  if (!db) throw new Error('The bench needs a connection')
  const counters = db.collection<Counter>('bench_counters')
  const ledger = db.collection('bench_ledger')
  await counters.insertMany(ids.map((_id) => ({ _id, credits: CREDITS })))
  await ledger.createIndex({ accountId: 1, at: -1 })
  for (const callers of callerCounts) {
    const results = await sideBySide(contenders(ids, counters, ledger), {
      callers,
      rounds: ROUNDS,
      roundMs: ROUND_MS,
    })
    const where = accounts === 1 ? 'one hot account' : `${accounts} accounts`
    printRatios(`${where}, ${callers} ${callers === 1 ? 'caller' : 'callers'}`, results)
  }
}

function contenders(
  ids: Types.ObjectId[],
  counters: mongo.Collection<Counter>,
  ledger: mongo.Collection<mongo.Document>,
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
    { name: 'spendCredits', run: spend },
    { name: 'spendCredits, log drained to the ledger', run: spend, drain },
  ]
}

async function newAccount(): Promise<Types.ObjectId> {
  const accountId = new Types.ObjectId()
  await openAccount(accountId, { welcomeCredits: 0 })
  const id = `in_${accountId.toHexString()}`
  await grantCredits(accountId, [{ key: `stripe:invoice:${id}`, credits: CREDITS, source: { type: 'invoice', id } }])
  return accountId
}
