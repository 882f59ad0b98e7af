import type { mongo, Types } from 'mongoose'
import { type CreditAccount, creditAccounts } from '#models/credit-account.server.ts'
import { logger } from '../log.server.ts'
import { livePorts } from './ports.server.ts'
import { releaseLapsed } from './resolve-hold.server.ts'
import { settleAccount, unmarkLog } from './settle.server.ts'
import { tickAccount } from './tick.server.ts'

/** Accounts at work at once. */
const TOGETHER = 16
/** The time limit of a run; the next run continues with what is still due. */
const TIME_LIMIT_MS = 20_000

/** Accounts with one kind of work, the longest due first, and what to do with each. */
interface Work {
  filter: mongo.Filter<CreditAccount>
  by: string
  run: (account: Pick<CreditAccount, '_id' | 'holds'>) => Promise<unknown>
}

export interface UpkeepResult {
  accounts: number
  posted: number
  failed: number
}

/**
 * Applies what is due on all accounts: expiries and starts, expired holds, then logs to post. Every step is idempotent
 * and fenced, so any number of processes may run it. One account's failure does not stop the others.
 * @returns how many accounts were looked at, how many entries went to the ledger, and how many accounts failed
 */
export async function runUpkeep(): Promise<UpkeepResult> {
  const end = performance.now() + TIME_LIMIT_MS
  const seen = new Set<string>()
  const result = { posted: 0, failed: 0 }
  for (const work of dueWork(livePorts.now(), (posted) => (result.posted += posted))) {
    for await (const batch of inBatches(findDue(work))) {
      if (performance.now() > end) break
      await Promise.all(
        batch.map(async (account) => {
          seen.add(account._id.toHexString())
          await work.run(account).catch((error: unknown) => {
            result.failed++
            logger.error({ err: error, accountId: account._id.toHexString() }, 'Credit upkeep failed for one account')
          })
        }),
      )
    }
  }
  return { accounts: seen.size, ...result }
}

/** Expiries and holds come first: customers see them at once. */
function dueWork(at: Date, onPosted: (entries: number) => void): Work[] {
  return [
    { filter: { nextChange: { $lte: at } }, by: 'nextChange', run: ({ _id }) => tickAccount(_id) },
    {
      filter: { 'holds.expiresAt': { $lte: at } },
      by: 'holds.expiresAt',
      run: async ({ _id, holds }) => {
        for (const hold of holds) if (hold.expiresAt <= at) await releaseLapsed(livePorts, _id, hold.id)
        // What a hold gives back to a grant that has ended expires at once.
        await tickAccount(_id)
      },
    },
    { filter: { loggedSince: { $exists: true } }, by: 'loggedSince', run: ({ _id }) => postLog(_id, onPosted) },
  ]
}

async function postLog(accountId: Types.ObjectId, onPosted: (entries: number) => void): Promise<void> {
  const posted = await settleAccount(accountId)
  if (posted > 0) onPosted(posted)
  else await unmarkLog(accountId)
}

function findDue({ filter, by }: Work): mongo.FindCursor<Pick<CreditAccount, '_id' | 'holds'>> {
  return creditAccounts()
    .find(filter, { projection: { holds: 1 } })
    .sort({ [by]: 1 })
}

async function* inBatches<T>(all: AsyncIterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const one of all) {
    if (batch.push(one) < TOGETHER) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
