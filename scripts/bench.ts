/**
 * `npm run bench`: the cost of exactness. Measures side by side in rounds, because ratios hold on other machines and
 * absolute times do not. Uses a database of its own and drops it.
 */
import mongoose, { type mongo, Types } from 'mongoose'
import { openAccount } from '#app/credits/account.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { apiKeyFor } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { connectDatabase, disconnectDatabase, ensureIndexes } from '#app/database.server.ts'
import { withDatabase } from './local/database.mjs'

const CALLERS = 32
const ROUNDS = 5
const ROUND_MS = 700
const ACCOUNTS = 1000

/** Numbers every call of a run, so that no two spends share a key. */
let sequence = 0

interface Contender {
  name: string
  run: (n: number) => Promise<unknown>
  perSecond: number[]
}

await withDatabase(async () => {
  const uri = new URL(process.env.MONGODB_URI ?? '')
  uri.pathname = `/scrip-bench-${Date.now()}`
  await connectDatabase(uri.href)
  try {
    await ensureIndexes()
    const hot = await newAccount()
    const many = await Promise.all(Array.from({ length: ACCOUNTS }, newAccount))
    const account = (n: number) => many[n % ACCOUNTS] ?? hot
    const bare = mongoose.connection.collection<{ _id: Types.ObjectId; credits: number }>('bare_counters')
    await bare.insertMany([hot, ...many].map((_id) => ({ _id, credits: 1_000_000_000 })))

    const contenders: Contender[] = [
      contender('one hot account: bare conditional $inc, no ledger', () => take(bare, hot)),
      contender('one hot account: read, then decrement (wrong)', () => naive(bare, hot)),
      contender('one hot account: spendCredits', (n) => spend(hot, n)),
      contender(`${ACCOUNTS} accounts: bare conditional $inc, no ledger`, (n) => take(bare, account(n))),
      contender(`${ACCOUNTS} accounts: spendCredits`, (n) => spend(account(n), n)),
    ]
    for (let round = 0; round < ROUNDS; round++) {
      for (const one of contenders) one.perSecond.push(await measure(one))
    }
    report(contenders)
  } finally {
    await mongoose.connection.db?.dropDatabase()
    await disconnectDatabase()
  }
})

function contender(name: string, run: Contender['run']): Contender {
  return { name, run, perSecond: [] }
}

async function measure({ run }: Contender): Promise<number> {
  const started = performance.now()
  let done = 0
  const caller = async () => {
    while (performance.now() - started < ROUND_MS) {
      await run(sequence++)
      done++
    }
  }
  await Promise.all(Array.from({ length: CALLERS }, caller))
  return done / ((performance.now() - started) / 1000)
}

async function newAccount(): Promise<Types.ObjectId> {
  const accountId = new Types.ObjectId()
  await openAccount(accountId, { welcomeCredits: 0 })
  const id = `in_${accountId.toHexString()}`
  const source = { type: 'invoice' as const, id }
  await grantCredits(accountId, [{ key: `stripe:invoice:${id}`, credits: 1_000_000_000, source }])
  return accountId
}

function spend(accountId: Types.ObjectId, n: number) {
  return spendCredits({ accountId, key: apiKeyFor('spend', `bench-${n}`), credits: 1, action: 'bench' })
}

type Counters = mongo.Collection<{ _id: Types.ObjectId; credits: number }>

function take(counters: Counters, _id: Types.ObjectId) {
  return counters.findOneAndUpdate({ _id, credits: { $gte: 1 } }, { $inc: { credits: -1 } })
}

async function naive(counters: Counters, _id: Types.ObjectId): Promise<void> {
  const counter = await counters.findOne({ _id })
  if (counter && counter.credits >= 1) await counters.updateOne({ _id }, { $set: { credits: counter.credits - 1 } })
}

function report(contenders: Contender[]): void {
  const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
  console.log(`${CALLERS} callers, ${ROUNDS} rounds of ${ROUND_MS} ms each, all majority and journalled\n`)
  const [hotBase, , , manyBase] = contenders.map((one) => median(one.perSecond))
  for (const [index, { name, perSecond }] of contenders.entries()) {
    const base = (index < 3 ? hotBase : manyBase) ?? 1
    const rate = median(perSecond)
    const range = `${Math.round(Math.min(...perSecond))}–${Math.round(Math.max(...perSecond))}`
    console.log(`${name.padEnd(58)} ${String(Math.round(rate)).padStart(6)}/s (${range})  ×${(rate / base).toFixed(2)}`)
  }
}
