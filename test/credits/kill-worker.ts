import { Types } from 'mongoose'
import { CreditsUnavailable } from '#app/credits/errors.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { captureHold, placeHold, releaseHold } from '#app/credits/hold.server.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import { connectDatabase } from '#app/database.server.ts'

/*
 * A process to be killed at work: it uses one account with keys from a small pool, so that it repeats what other
 * processes did, and writes a line for every operation that was acknowledged to it.
 */
const [uri, account, first] = process.argv.slice(2)
if (!uri || !account) throw new Error('usage: kill-worker.ts <uri> <account id> <first number>')
const accountId = new Types.ObjectId(account)
await connectDatabase(uri)
/** A busy account answers "try again with the same key". */
async function patiently<T>(operation: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await operation()
    } catch (error) {
      if (!(error instanceof CreditsUnavailable)) throw error
    }
  }
}
const acknowledge = (line: string) => process.stdout.write(`${line}\n`)
acknowledge('ready')

for (let n = Number(first); ; n++) {
  const pooled = `${n % 40}`
  const spent = await patiently(() => spendCredits({ accountId, key: `api:spend:${pooled}`, credits: 1, action: 'x' }))
  acknowledge(`spend ${spent.entryId} ${spent.replayed ? 'replayed' : 'new'}`)
  const id = `in_${n % 25}`
  const granted = await patiently(() =>
    grantCredits(accountId, [{ key: `stripe:invoice:${id}`, credits: 10, source: { type: 'invoice', id } }]),
  )
  acknowledge(`grant ${granted.entryIds[0]} ${granted.replayed ? 'replayed' : 'new'}`)
  const { holdId } = await patiently(() =>
    placeHold({ accountId, key: `api:hold:${first}:${n}`, credits: 3, action: 'x' }),
  )
  const ended = await patiently(() =>
    n % 3 ? captureHold({ accountId, holdId, credits: 2 }) : releaseHold({ accountId, holdId }),
  )
  acknowledge(`end ${ended.entryId} ${ended.replayed ? 'replayed' : 'new'}`)
  if (n % 5 === 0) await settleAccount(accountId)
}
