import type { Types } from 'mongoose'
import type { CreditAccount } from '#models/credit-account.server.ts'
import { LimitReached } from './errors.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import type { AccountFilter } from './store.server.ts'

/** A plan's limit on how often something may be done in a period. */
export interface UseLimit {
  /** Letters and digits only: it is a field name. */
  name: string
  /** Uses per period; Infinity for no limit. */
  max: number
  /** When a count that starts now resets, UTC. */
  resetsAt: Date
}

/**
 * Decides from one read whether a use is left. The following write counts it under `limitFilter`, so no two callers
 * pass the limit at once.
 * @returns `again` when a new period had to be opened first and the account must be read anew
 * @throws LimitReached
 */
export async function admitUse(
  ports: CreditPorts,
  account: CreditAccount,
  limit: UseLimit | undefined,
): Promise<'go' | 'again'> {
  if (!limit || limit.max === Infinity) return 'go'
  const counter = account.limits[limit.name]
  if (!counter || counter.resetsAt <= ports.now()) {
    if (limit.max <= 0) throw new LimitReached(limit.name, limit.max, limit.resetsAt)
    await openPeriod(ports, account, limit)
    return 'again'
  }
  if (counter.used >= limit.max) throw new LimitReached(limit.name, limit.max, counter.resetsAt)
  return 'go'
}

/** Reads a limit's stored count, which may belong to an earlier period. */
export async function readUses(
  accountId: Types.ObjectId,
  name: string,
): Promise<CreditAccount['limits'][string] | null> {
  const account = await livePorts.store.findAccount(accountId)
  return account?.limits[name] ?? null
}

/** Part of the filter of a write that counts a use: the period is open and a use is left. */
export function limitFilter(limit: UseLimit | undefined, at: Date): AccountFilter {
  if (!limit || limit.max === Infinity) return {}
  return {
    [`limits.${limit.name}.used`]: { $lt: limit.max },
    [`limits.${limit.name}.resetsAt`]: { $gt: at },
  }
}

/** Starts a period's count at 0. Fenced: of two that try, one succeeds, and both read again. */
async function openPeriod(ports: CreditPorts, account: CreditAccount, { name, resetsAt }: UseLimit): Promise<void> {
  if (!/^[A-Za-z][A-Za-z0-9]*$/.test(name)) throw new Error(`${name} cannot name a limit`)
  const version = ports.newVersion()
  const after = await ports.store.updateAccount(
    { _id: account._id, version: account.version },
    { $set: { [`limits.${name}`]: { used: 0, resetsAt }, version } },
  )
  if (after) ports.versions.set({ ...account, version })
}
