import type { Types } from 'mongoose'
import { type CreditAccount, type Hold, type LogEntry, NEVER } from '#models/credit-account.server.ts'
import { HoldAlreadyResolved, HoldNotFound, InvalidCredits } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { fold } from './fold.ts'
import { resolveKey } from './keys.ts'
import type { CreditPorts } from './ports.server.ts'
import { entryIdOf } from './ledger-rows.ts'
import { uncounted } from './spending-caps.ts'

export interface ResolvedHold {
  entryId: string
  captured: number
  released: number
  creditsLeft: number
  replayed: boolean
}

/**
 * Ends a hold, once: captures `used` of its credits and releases the rest; 0 releases all. Captures, releases and
 * expired holds all use this.
 * @throws HoldNotFound, HoldAlreadyResolved, InvalidCredits, CreditsUnavailable
 */
export function resolveHold(
  ports: CreditPorts,
  accountId: Types.ObjectId,
  holdId: string,
  used: number,
): Promise<ResolvedHold> {
  const key = resolveKey(holdId)
  const entryId = entryIdOf(accountId, key)
  return fenced<ResolvedHold>(
    ports,
    accountId,
    key,
    (recorded, account) => {
      const captured = -recorded.amount || 0
      if (captured !== used) {
        throw new HoldAlreadyResolved(holdId, captured > 0 ? 'captured' : 'released', captured)
      }
      const released = (recorded.holds ?? captured) - captured
      return { entryId, captured, released, creditsLeft: account.credits, replayed: true }
    },
    (account) => {
      const hold = account.holds.find((candidate) => candidate.id === holdId)
      if (!hold) throw new HoldNotFound(holdId)
      if (used > hold.amount) throw new InvalidCredits(`This hold has ${hold.amount} credits.`)
      const entry: LogEntry = {
        key,
        kind: used > 0 ? 'capture' : 'release',
        amount: -used || 0,
        at: ports.now(),
        source: { type: 'hold', id: holdId },
        action: hold.action,
        hold: holdId,
        holds: hold.amount,
      }
      return {
        change: {
          entries: [entry],
          credits: hold.amount - used,
          held: -hold.amount,
          removeHold: holdId,
          wakeAt: earliestExpiryUnder(account, holdId),
          capped: uncounted(account.spendingCaps, hold.countedUntil, hold.amount - used),
          ...(used === 0 && countsNow(account, hold) && { count: { limit: hold.limit.name, by: -1 } }),
        },
        answer: (creditsLeft) => ({
          entryId,
          captured: used,
          released: hold.amount - used,
          creditsLeft,
          replayed: false,
        }),
      }
    },
  )
}

/** Releases an expired hold. If another process, or its owner, has just ended it, there is nothing to do. */
export async function releaseLapsed(ports: CreditPorts, accountId: Types.ObjectId, holdId: string): Promise<void> {
  try {
    await resolveHold(ports, accountId, holdId, 0)
  } catch (error) {
    if (!(error instanceof HoldAlreadyResolved)) throw error
  }
}

/** Whether the use counted by a hold belongs to the current period. */
function countsNow(account: CreditAccount, hold: Hold): hold is Hold & { limit: NonNullable<Hold['limit']> } {
  const counter = hold.limit && account.limits[hold.limit.name]
  return counter !== undefined && counter.resetsAt.getTime() === hold.limit?.resetsAt.getTime()
}

/** A hold may return credits to grants that have expired meanwhile; those must be expired before a spend. */
function earliestExpiryUnder(account: CreditAccount, holdId: string): Date {
  const sheltering = fold(account, account.pending).grants.filter((grant) =>
    grant.reserved.some((slice) => slice.hold === holdId),
  )
  return new Date(Math.min(NEVER.getTime(), ...sheltering.map((grant) => grant.expiresAt.getTime())))
}
