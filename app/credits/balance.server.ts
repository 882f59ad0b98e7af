import type { Types } from 'mongoose'
import { type CreditAccount, type Grant, type Hold, NEVER } from '#models/credit-account.server.ts'
import { burnOrder, fold } from './fold.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { whatIsDue } from './tick.server.ts'

export interface Balance {
  /** Spendable now; negative after a refund took back spent credits. */
  credits: number
  /** Set aside by open holds. */
  held: number
  debt: number
  /** Why spending is paused, or null. */
  frozen: string | null
  holds: Hold[]
  /** In burn order; those that start later come last. */
  grants: Grant[]
  /** The next unused credits to expire, or null. */
  nextExpiry: { credits: number; at: Date } | null
  /** The next scheduled credits, or null. */
  nextArrival: { credits: number; at: Date } | null
}

/**
 * Reads an owner's balance now. Entries that are due are applied in memory, so it never shows more than can be spent.
 * @param accountId the owner
 * @throws AccountNotFound, CreditsUnavailable
 */
export async function getBalance(accountId: Types.ObjectId, ports: CreditPorts = livePorts): Promise<Balance> {
  return balanceOf(await readAccount(ports, accountId), ports.now())
}

/** The balance of an account that was read, at a moment. */
export function balanceOf(account: CreditAccount, at: Date): Balance {
  const due = account.nextChange <= at ? whatIsDue(account, at).entries : []
  const { grants, debt } = fold(account, [...account.pending, ...due])
  const started = grants.filter((grant) => grant.started).sort(burnOrder)
  const waiting = grants
    .filter((grant) => !grant.started)
    .sort((a, b) => a.effectiveAt.getTime() - b.effectiveAt.getTime())
  const expiring = started.filter((grant) => !grant.expired && grant.expiresAt < NEVER && grant.remaining > 0)
  return {
    credits: account.credits + due.reduce((sum, entry) => sum + entry.amount, 0),
    held: account.held,
    debt,
    frozen: account.frozen,
    holds: account.holds,
    grants: [...started, ...waiting],
    nextExpiry: soonest(
      expiring,
      (grant) => grant.expiresAt,
      (grant) => grant.remaining,
    ),
    nextArrival: soonest(
      waiting,
      (grant) => grant.effectiveAt,
      (grant) => grant.granted,
    ),
  }
}

/** The grants with the earliest time, all of that moment together. */
function soonest(grants: Grant[], time: (grant: Grant) => Date, credits: (grant: Grant) => number) {
  if (grants.length === 0) return null
  const at = Math.min(...grants.map((grant) => time(grant).getTime()))
  const then = grants.filter((grant) => time(grant).getTime() === at)
  return { credits: then.reduce((sum, grant) => sum + credits(grant), 0), at: new Date(at) }
}
