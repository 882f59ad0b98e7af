import type { Types } from 'mongoose'
import { type CreditAccount, type Grant, type LogEntry, NEVER } from '#models/credit-account.server.ts'
import { sum } from '../sum.ts'
import { PENDING_MAX, toFilter, toUpdate } from './change.ts'
import { fold } from './fold.ts'
import { activateKey, expireKey } from './keys.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'
import { capEntries } from './rollover.ts'
import { settleAccount } from './settle.server.ts'

/** What is due: the entries for grants that start and expire, and when something is due next. */
export interface Due {
  entries: LogEntry[]
  nextChange: Date
}

/** Computes what is due on an account as read; writes nothing. */
export function whatIsDue(account: Pick<CreditAccount, 'grants' | 'debt' | 'pending' | 'posted'>, at: Date): Due {
  const entries: LogEntry[] = []
  const starting = fold(account, account.pending).grants.filter((grant) => !grant.started && grant.effectiveAt <= at)
  // One by one, as they would have started in time: each month finds the one before it left over.
  for (const grant of starting.sort((a, b) => a.effectiveAt.getTime() - b.effectiveAt.getTime())) {
    if (grant.rollover?.renews) entries.push(...capEntries(fold(account, [...account.pending, ...entries]), grant, at))
    const key = activateKey(grant.id)
    entries.push({ key, kind: 'activate', amount: grant.granted, at, source: grant.source, grantId: grant.id })
  }
  for (const grant of fold(account, [...account.pending, ...entries]).grants) {
    const gone = grant.started && grant.expiresAt <= at
    if (!gone || (grant.remaining === 0 && grant.expired)) continue
    const key = expireKey(grant.id, account.posted + account.pending.length + entries.length)
    const source = { type: 'system' as const, id: grant.id }
    // `|| 0`: a ledger must not contain minus zero.
    entries.push({ key, kind: 'expire', amount: -grant.remaining || 0, at, source, grantId: grant.id })
  }
  const { grants } = fold(account, [...account.pending, ...entries])
  return { entries, nextChange: new Date(Math.min(NEVER.getTime(), ...grants.map(nextChangeOf))) }
}

/** The account with what is due applied in memory, though not written yet. */
export function withWhatIsDue(account: CreditAccount, at: Date): CreditAccount {
  if (account.nextChange > at) return account
  const { entries } = whatIsDue(account, at)
  const credits = account.credits + sum(entries.map(({ amount }) => amount))
  return { ...account, credits, pending: [...account.pending, ...entries] }
}

function nextChangeOf(grant: Grant): number {
  if (!grant.started) return grant.effectiveAt.getTime()
  return grant.expired ? Infinity : grant.expiresAt.getTime()
}

/**
 * Writes what is due on an account, if anything: called after a missed spend, and by a job. Filtered by version and
 * credits as read, because spends leave the version alone and an expiry depends on what they left.
 * @returns whether it wrote; false also when another write came first
 */
export async function tickAccount(accountId: Types.ObjectId, ports: CreditPorts = livePorts): Promise<boolean> {
  const account = await readAccount(ports, accountId)
  const at = ports.now()
  if (account.nextChange > at) return false
  const { entries, nextChange } = whatIsDue(account, at)
  if (account.pending.length + entries.length > PENDING_MAX) {
    await settleAccount(accountId, ports)
    return false
  }
  const credits = sum(entries.map(({ amount }) => amount))
  const version = ports.newVersion()
  const after = await ports.store.updateAccount(
    { ...toFilter(account, entries), credits: account.credits },
    toUpdate({ entries, credits, nextChange }, { version }),
  )
  if (after) ports.versions.set({ ...account, version, loggedSince: account.loggedSince ?? entries[0]?.at })
  return after !== null
}
