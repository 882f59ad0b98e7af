import { type CreditAccount, creditAccounts } from '#models/credit-account.server.ts'
import { logger } from '../log.server.ts'
import { livePorts } from './ports.server.ts'
import { releaseLapsed } from './resolve-hold.server.ts'
import { settleAccount } from './settle.server.ts'
import { tickAccount } from './tick.server.ts'

const BATCH = 500

/**
 * Applies what is due on all accounts: expiries and starts, expired holds, logs to post. Every step is idempotent and
 * fenced, so any number of processes may run it. One account's failure does not stop the others.
 * @returns how many accounts were looked at, how many entries went to the ledger, and how many accounts failed
 */
export async function runUpkeep(): Promise<{ accounts: number; posted: number; failed: number }> {
  const at = livePorts.now()
  const due = await creditAccounts()
    .find({
      $or: [{ nextChange: { $lte: at } }, { 'holds.expiresAt': { $lte: at } }, { 'pending.0.at': { $exists: true } }],
    })
    .project<Pick<CreditAccount, '_id' | 'holds'>>({ holds: 1 })
    .limit(BATCH)
    .toArray()
  let posted = 0
  let failed = 0
  for (const { _id, holds } of due) {
    try {
      for (const { id } of holds.filter(({ expiresAt }) => expiresAt <= at)) await releaseLapsed(livePorts, _id, id)
      await tickAccount(_id)
      posted += await settleAccount(_id)
    } catch (error) {
      failed++
      logger.error({ err: error, accountId: _id.toHexString() }, 'Credit upkeep failed for one account')
    }
  }
  return { accounts: due.length, posted, failed }
}
