import { type CreditAccount, creditAccounts } from '#models/credit-account.server.ts'
import { JobCursorModel } from '#models/job-cursor.server.ts'
import { inBatches } from './batches.ts'
import { now } from './clock.server.ts'

/** More than two clocks differ by, and than a write takes after its time was read. */
const OVERLAP_MS = 60 * 1000
/** How long an account that could not be handled is tried again, and with it all that changed meanwhile. */
const RETRY_MS = 15 * 60 * 1000
const BATCH = 200

/**
 * Goes through the accounts whose entries were posted since the last run, in batches, and remembers how far it came. It may
 * hand out an account twice, also to two processes at once.
 * @param cursor the name of the job
 * @param handle returns how many accounts of a batch are to be tried again
 */
export async function eachChangedAccount(
  cursor: string,
  handle: (accounts: CreditAccount[]) => Promise<number>,
): Promise<void> {
  const startedAt = now()
  const since = await readCursor(cursor, startedAt)
  const changed = creditAccounts()
    .find({ settledAt: { $gte: since } }, { batchSize: BATCH })
    .sort({ settledAt: 1 })
  let failed = 0
  for await (const batch of inBatches(changed, BATCH)) failed += await handle(batch)
  const retryFrom = Math.max(since.getTime(), startedAt.getTime() - RETRY_MS)
  const at = failed > 0 ? new Date(retryFrom) : startedAt
  await JobCursorModel.updateOne({ _id: cursor }, { $set: { at } }, { upsert: true })
}

async function readCursor(name: string, startedAt: Date): Promise<Date> {
  const cursor = await JobCursorModel.findById(name).lean()
  const from = Math.min(cursor?.at.getTime() ?? startedAt.getTime() - RETRY_MS, startedAt.getTime())
  return new Date(from - OVERLAP_MS)
}
