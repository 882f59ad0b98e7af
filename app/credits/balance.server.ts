import type { Types } from 'mongoose'
import { type CreditAccount, type Grant, type Hold, NEVER } from '#models/credit-account.server.ts'
import { sum } from '../sum.ts'
import { burnOrder, fold } from './fold.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { withWhatIsDue } from './tick.server.ts'

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
 * @throws AccountNotFound, CreditsUnavailable
 */
export async function getBalance(accountId: Types.ObjectId, ports: CreditPorts = livePorts): Promise<Balance> {
  return balanceOf(await readAccount(ports, accountId), ports.now())
}

/** The balance of an account that was read, at a moment. */
export function balanceOf(stored: CreditAccount, at: Date): Balance {
  const account = withWhatIsDue(stored, at)
  const { grants, debt } = fold(account, account.pending)
  const started = grants.filter((grant) => grant.started).sort(burnOrder)
  const waiting = grants
    .filter((grant) => !grant.started)
    .sort((a, b) => a.effectiveAt.getTime() - b.effectiveAt.getTime())
  const expiring = started.filter((grant) => !grant.expired && grant.expiresAt < NEVER && grant.remaining > 0)
  return {
    credits: account.credits,
    held: account.held,
    debt,
    frozen: account.frozen,
    holds: account.holds,
    grants: [...started, ...waiting],
    nextExpiry: soonest(expiring.map(({ expiresAt: at, remaining: credits }) => ({ at, credits }))),
    nextArrival: soonest(waiting.map(({ effectiveAt: at, granted: credits }) => ({ at, credits }))),
  }
}

/** The credits of the earliest moment, over all its grants. */
function soonest(moments: { at: Date; credits: number }[]) {
  if (moments.length === 0) return null
  const first = Math.min(...moments.map(({ at }) => at.getTime()))
  const then = moments.filter(({ at }) => at.getTime() === first)
  return { credits: sum(then.map(({ credits }) => credits)), at: new Date(first) }
}
