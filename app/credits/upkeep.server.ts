import type { mongo } from 'mongoose'
import { type CreditAccount, creditAccounts } from '#models/credit-account.server.ts'
import { inBatches } from '../batches.ts'
import { logger } from '../log.server.ts'
import { livePorts } from './ports.server.ts'
import { releaseLapsed } from './resolve-hold.server.ts'
import { settleAccount, unmarkLog } from './settle.server.ts'
import { sumDays } from './sum-days.server.ts'
import { tickAccount } from './tick.server.ts'

/** Accounts at work at once. */
const TOGETHER = 16
/** The time limit of a run; the next run continues with what is still due. */
const TIME_LIMIT_MS = 20_000

/** Posted entries that wait to be added to the sums of their days: a page adds so many itself without a delay. */
const SUM_AT = 256

/** An account that is due, as far as the work needs it. */
type Due = Pick<CreditAccount, '_id' | 'holds' | 'posted' | 'summed'>

/** Accounts with one kind of work, the longest due first, and what to do with each. */
interface Work {
  filter: mongo.Filter<CreditAccount>
  by: string
  run: (account: Due) => Promise<unknown>
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
    for await (const batch of inBatches(findDue(work), TOGETHER)) {
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
    { filter: { loggedSince: { $exists: true } }, by: 'loggedSince', run: (account) => postLog(account, onPosted) },
  ]
}

async function postLog({ _id, posted, summed = 0 }: Due, onPosted: (entries: number) => void): Promise<void> {
  const entries = await settleAccount(_id)
  if (entries > 0) onPosted(entries)
  else await unmarkLog(_id)
  if (posted + entries - summed >= SUM_AT) await sumDays(_id)
}

function findDue({ filter, by }: Work): mongo.FindCursor<Due> {
  return creditAccounts()
    .find(filter, { projection: { holds: 1, posted: 1, summed: 1 } })
    .sort({ [by]: 1 })
}
