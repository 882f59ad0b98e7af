import type { Types } from 'mongoose'
import { setNow } from '#app/clock.server.ts'
import { apiKeyFor } from '#app/credits/keys.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { runUpkeep } from '#app/credits/upkeep.server.ts'
import { creditAccounts, type LogEntry } from '#models/credit-account.server.ts'
import type { User } from '#models/user.server.ts'
import { fundedAccount, newUser } from './customers.ts'

/** The actions whose spends are in the ledgers, in turn. */
export const ACTIONS = ['api', 'invoice-reader', 'nightly-report', 'qr-code', 'translation']

/** The history begins this many days ago: within the usage page's 90 days in every time zone. */
const DAYS = 88
const DAY_MS = 24 * 60 * 60 * 1_000
/** As long as a log may be. */
const BATCH = 1_000
/** Entries, a multiple of the batch. */
const UPKEEP_EVERY = 50_000

/** Creates a customer whose ledger has a number of entries in the last 90 days: one grant, then spends. */
export async function customerWithLedger(entries: number): Promise<User> {
  const user = await newUser()
  const start = Date.now() - DAYS * DAY_MS
  setNow(() => new Date(start))
  await fundedAccount(user._id)
  await settleAccount(user._id)
  setNow(null)
  const stepMs = ((DAYS - 1) * DAY_MS) / entries
  for (let first = 1; first < entries; first += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, entries - first) }, (_, index) => first + index)
    await post(
      user._id,
      numbers.map((number) => spendOf(number, new Date(start + number * stepMs))),
    )
    // The jobs that follow a growing ledger must not fall behind, as they would not in 90 days.
    if (first % UPKEEP_EVERY === 1) await runUpkeep()
  }
  await runUpkeep()
  return user
}

function spendOf(number: number, at: Date): LogEntry {
  const action = ACTIONS[number % ACTIONS.length]!
  return {
    key: apiKeyFor('spend', `ledger-${number}`),
    kind: 'spend',
    amount: -(1 + (number % 7)),
    at,
    source: { type: 'action', id: action },
    action,
  }
}

/** Writes a whole log at once, which no request could, and has the engine post it: a spend each would take minutes. */
async function post(accountId: Types.ObjectId, pending: LogEntry[]): Promise<void> {
  const credits = pending.reduce((sum, { amount }) => sum + amount, 0)
  await creditAccounts().updateOne(
    { _id: accountId },
    { $push: { pending: { $each: pending } }, $inc: { credits }, $set: { loggedSince: new Date() } },
  )
  // An app's job may post the same entries, and then only one of them empties the log.
  const logged = { _id: accountId, 'pending.0': { $exists: true } }
  do await settleAccount(accountId)
  while ((await creditAccounts().countDocuments(logged)) > 0)
}
