import type { Types } from 'mongoose'
import { type LogEntry, NEVER } from '#models/credit-account.server.ts'
import { admit } from './admission.server.ts'
import { HOLDS_MAX } from './change.ts'
import { checkCredits, checkMetadata } from './credits.ts'
import { IdempotencyConflict, InvalidCredits, TooManyHolds } from './errors.ts'
import { fenced } from './fenced.server.ts'
import { holdIdOf } from './keys.ts'
import { admitUse, limitFilter, type UseLimit } from './limits.server.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { type ResolvedHold, resolveHold } from './resolve-hold.server.ts'
import { capCounts, capFilter, capsFor, countedUntil } from './spending-caps.ts'

const HOLD_MS_DEFAULT = 15 * 60 * 1000
/** A hold protects credits from expiry, so its lifetime is limited. */
export const HOLD_MS_MAX = 24 * 60 * 60 * 1000

export interface HoldRequest {
  accountId: Types.ObjectId
  key: string
  /** Whole credits, 1 to 1 000 000. */
  credits: number
  action: string
  /** Lifetime in milliseconds; 15 minutes by default, 24 hours at most. */
  ttlMs?: number
  metadata?: Record<string, string>
  /** Counted in the same write, and uncounted if the hold is released. */
  limit?: UseLimit
  /** Whose own spending caps count as well: an API key's id. */
  spender?: string
}

export interface PlacedHold {
  holdId: string
  credits: number
  expiresAt: Date
  creditsLeft: number
  replayed: boolean
}

/**
 * Reserves credits for work that takes a while: hold, run, capture. Safe to repeat with its key, also after the hold
 * was captured or released.
 * @throws InsufficientCredits, SpendingFrozen, SpendingCapReached, LimitReached, TooManyHolds, IdempotencyConflict, InvalidCredits, CreditsUnavailable
 */
export function placeHold(request: HoldRequest, ports: CreditPorts = livePorts): Promise<PlacedHold> {
  const { accountId, key, action, limit, spender, ttlMs = HOLD_MS_DEFAULT } = request
  const credits = checkCredits(request.credits)
  const metadata = checkMetadata(request.metadata)
  if (!Number.isSafeInteger(ttlMs) || ttlMs < 1000 || ttlMs > HOLD_MS_MAX) {
    throw new InvalidCredits('A hold lives from 1 second to 24 hours.')
  }
  const id = holdIdOf(key)
  return fenced<PlacedHold>(
    ports,
    accountId,
    key,
    (recorded, account) => {
      const same = recorded.kind === 'hold' && recorded.holds === credits && recorded.action === action
      if (!same) throw new IdempotencyConflict()
      const expiresAt = recorded.holdExpiresAt ?? NEVER
      return { holdId: id, credits, expiresAt, creditsLeft: account.credits, replayed: true }
    },
    async (account) => {
      if ((await admitUse(ports, account, limit)) === 'again') return 'again'
      if ((await admit(ports, account, credits, spender)) === 'again') return 'again'
      if (account.holds.length >= HOLDS_MAX) throw new TooManyHolds()
      const at = ports.now()
      const expiresAt = new Date(at.getTime() + ttlMs)
      const source = { type: 'action' as const, id: action }
      const counter = limit && account.limits[limit.name]
      const counted = limit && counter && { limit: { name: limit.name, resetsAt: counter.resetsAt } }
      const caps = capsFor(account.spendingCaps, spender)
      const cappedUntil = Object.keys(caps).length > 0 && { countedUntil: countedUntil(caps) }
      const entry: LogEntry = {
        key,
        kind: 'hold',
        amount: 0,
        at,
        source,
        action,
        metadata,
        hold: id,
        holds: credits,
        holdExpiresAt: expiresAt,
      }
      return {
        change: {
          entries: [entry],
          credits: -credits,
          held: credits,
          addHold: { id, amount: credits, action, expiresAt, createdAt: at, ...counted, ...cappedUntil },
          ...(counted && { count: { limit: counted.limit.name, by: 1 } }),
          capped: capCounts(caps, credits),
        },
        when: {
          credits: { $gte: credits },
          nextChange: { $gt: at },
          frozen: null,
          ...limitFilter(limit, at),
          ...capFilter(caps, credits, at),
        },
        answer: (creditsLeft) => ({ holdId: id, credits, expiresAt, creditsLeft, replayed: false }),
      }
    },
  )
}

/**
 * Captures the used part of a hold and releases the rest. Allowed while the hold is open, even after its expiry.
 * @param request which hold, and how many of its credits were used (0 gives all back)
 * @throws HoldNotFound; HoldAlreadyResolved when it ended otherwise before; InvalidCredits when more was used than held
 */
export function captureHold(
  request: { accountId: Types.ObjectId; holdId: string; credits: number },
  ports: CreditPorts = livePorts,
): Promise<ResolvedHold> {
  return resolveHold(ports, request.accountId, request.holdId, checkCredits(request.credits, { min: 0 }))
}

/**
 * Releases a hold's credits. Safe to repeat.
 * @throws HoldNotFound; HoldAlreadyResolved when it was captured before
 */
export function releaseHold(
  request: { accountId: Types.ObjectId; holdId: string },
  ports: CreditPorts = livePorts,
): Promise<ResolvedHold> {
  return resolveHold(ports, request.accountId, request.holdId, 0)
}
