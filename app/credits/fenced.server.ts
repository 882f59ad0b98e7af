import type { Types } from 'mongoose'
import type { CreditAccount, LogEntry } from '#models/credit-account.server.ts'
import { type Change, PENDING_MAX, toFilter, toUpdate } from './change.ts'
import { CreditsUnavailable } from './errors.ts'
import type { CreditPorts } from './ports.server.ts'
import { findRecorded, readAccount } from './recorded.server.ts'
import { settleAccount, settleWhenFull } from './settle.server.ts'
import type { AccountFilter } from './store.server.ts'

/**
 * How often an operation reads again and retries, with growing pauses, before it fails as unavailable. Writers that
 * renew the version make others miss: against three busy processes, one spend in six missed five times.
 */
export const ROUNDS_MAX = 12

/** The result of an operation's decision: a change to write, an answer without a write, or another read. */
export type Decision<T> =
  | { change: Change; when?: AccountFilter; answer: (creditsAfter: number) => T }
  | { answer: T; change?: undefined }
  | 'again'

/**
 * Runs an operation other than a spend: read, look up the key, decide, then one write fenced by the version read before
 * the key was looked up. The write renews the version.
 * @param key the operation's key; the replay of a recorded one goes to `replay`
 * @throws AccountNotFound, CreditsUnavailable, and whatever `decide` and `replay` throw
 */
export function fenced<T>(
  ports: CreditPorts,
  accountId: Types.ObjectId,
  key: string,
  replay: (recorded: LogEntry, account: CreditAccount) => T | Promise<T>,
  decide: (account: CreditAccount) => Decision<T> | Promise<Decision<T>>,
): Promise<T> {
  return ports.inTurn(accountId, async () => {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      await ports.pause(round)
      const account = await readAccount(ports, accountId)
      const recorded = await findRecorded(ports, account, key)
      if (recorded) return replay(recorded, account)
      const decision = await decide(account)
      if (decision === 'again') continue
      if (!decision.change) return decision.answer
      const { change } = decision
      if (account.pending.length + change.entries.length > PENDING_MAX) {
        await settleAccount(accountId, ports)
        continue
      }
      // Only checks above this line; only the write below.
      const version = ports.newVersion()
      const after = await ports.store.updateAccount(
        { ...toFilter(account, change.entries), ...decision.when },
        toUpdate(change, { version }),
      )
      if (!after) continue
      ports.versions.set({ ...account, version, loggedSince: account.loggedSince ?? change.entries[0]?.at })
      await settleWhenFull(ports, accountId, after.pendingCount, change.entries.length)
      return decision.answer(after.credits)
    }
    throw new CreditsUnavailable()
  })
}
