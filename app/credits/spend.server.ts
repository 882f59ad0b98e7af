import type { Types } from 'mongoose'
import type { CreditAccount, LogEntry } from '#models/credit-account.server.ts'
import { admit } from './admission.server.ts'
import { PENDING_MAX, toFilter, toUpdate } from './change.ts'
import { checkCredits, checkMetadata } from './credits.ts'
import { CreditsUnavailable, IdempotencyConflict } from './errors.ts'
import { ROUNDS_MAX } from './fenced.server.ts'
import { admitUse, limitFilter, type UseLimit } from './limits.server.ts'
import { freshKey } from './keys.ts'
import { type CreditPorts, type KnownVersion, livePorts } from './ports.server.ts'
import { entryIdOf } from './ledger-rows.ts'
import { findRecorded, readAccount } from './recorded.server.ts'
import { settleAccount, settleWhenFull } from './settle.server.ts'
import { capCounts, capFilter, capsFor, hasOwnCap } from './spending-caps.ts'
import type { AccountFilter } from './store.server.ts'

export interface SpendRequest {
  accountId: Types.ObjectId
  /** From keys.ts; the same key never spends twice. Without one, every call is another spend. */
  key?: string
  /** Whole credits, 1 to 1 000 000. */
  credits: number
  /** What they are spent on. */
  action: string
  metadata?: Record<string, string>
  /** Counted in the same write. */
  limit?: UseLimit
  /** Whose own spending caps count as well: an API key's id. */
  spender?: string
}

export interface Spent {
  entryId: string
  creditsLeft: number
  replayed: boolean
}

/**
 * Spends credits. One conditional update takes them and logs the entry; it leaves the version alone, so that spends on
 * one account do not disturb each other. Safe to repeat with its key, concurrently and late.
 * @throws InsufficientCredits, SpendingFrozen, SpendingCapReached, LimitReached, IdempotencyConflict, InvalidCredits, InvalidMetadata,
 * AccountNotFound; CreditsUnavailable when the outcome is unknown or the account too busy: the same key is safe
 */
export async function spendCredits(request: SpendRequest, ports: CreditPorts = livePorts): Promise<Spent> {
  const { accountId, action, limit, spender, key = freshKey('spend') } = request
  const credits = checkCredits(request.credits)
  const metadata = checkMetadata(request.metadata)
  const source = { type: 'action' as const, id: action }
  const entry = (): LogEntry => ({ key, kind: 'spend', amount: -credits, at: ports.now(), source, action, metadata })

  const writeAll = (known: KnownVersion, entries: LogEntry[]) =>
    write(ports, accountId, { ...known, spendingCaps: capsFor(known.spendingCaps, spender) }, entries, limit)
  const writeAlone = (known: KnownVersion) => writeAll(known, [entry()])
  const writeTogether = (known: KnownVersion) =>
    limit || hasOwnCap(known.spendingCaps, spender)
      ? writeAlone(known)
      : ports.shared.join(accountId, known.version, entry(), (entries) => writeAll(known, entries))

  // A cached version lets a warm spend skip reading the account; a miss is decided from a fresh read.
  const warm = ports.versions.get(accountId)
  if (warm) {
    // A key that was made in this call cannot be recorded before its first write.
    const isNew = request.key === undefined
    const recorded = isNew ? null : await ports.store.findEntry(entryIdOf(accountId, key))
    if (recorded) return replayOf(await readAccount(ports, accountId), recorded, request)
    const creditsLeft = await writeTogether(warm)
    if (creditsLeft !== null) return { entryId: entryIdOf(accountId, key), creditsLeft, replayed: false }
  }
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await ports.pause(round)
    const account = await readAccount(ports, accountId)
    const recorded = await findRecorded(ports, account, key)
    if (recorded) return replayOf(account, recorded, request)
    if ((await admitUse(ports, account, limit)) === 'again') continue
    if ((await admit(ports, account, credits, spender)) === 'again') continue
    if (account.pending.length >= PENDING_MAX) {
      await ports.soon(accountId, account.pending.length, () => settleAccount(accountId, ports))
      continue
    }
    const { version, loggedSince, spendingCaps } = account
    const known = { version, isLogMarked: loggedSince !== undefined, spendingCaps }
    // A settle makes all spends that share a write miss: they retry once together. Together again and again, some of very
    // many would miss until they ran out of rounds.
    const creditsLeft = await (round === 0 ? writeTogether(known) : writeAlone(known))
    if (creditsLeft !== null) return { entryId: entryIdOf(accountId, key), creditsLeft, replayed: false }
  }
  throw new CreditsUnavailable()
}

/**
 * The only write: it succeeds only if nothing but other spends happened since the version was read.
 * @returns the credits after it, or null when it missed
 */
async function write(
  ports: CreditPorts,
  accountId: Types.ObjectId,
  { version, isLogMarked, spendingCaps }: KnownVersion,
  entries: LogEntry[],
  limit?: UseLimit,
): Promise<number | null> {
  // No entry may be later than the moment up to which nothing is due, also if the clock was set back since it was made.
  const at = new Date(Math.max(ports.now().getTime(), ...entries.map((entry) => entry.at.getTime())))
  const credits = entries.reduce((sum, entry) => sum + entry.amount, 0)
  const filter: AccountFilter = {
    ...toFilter({ _id: accountId, version }, entries),
    credits: { $gte: -credits },
    nextChange: { $gt: at },
    frozen: null,
    ...limitFilter(limit, at),
    ...capFilter(spendingCaps, -credits, at),
  }
  const counted = limit && limit.max !== Infinity ? { count: { limit: limit.name, by: 1 as const } } : {}
  const after = await ports.store.updateAccount(
    filter,
    toUpdate({ entries, credits, ...counted, capped: capCounts(spendingCaps, -credits) }, { marksLog: !isLogMarked }),
  )
  if (!after) {
    ports.versions.drop(accountId, version)
    return null
  }
  if (!isLogMarked) ports.versions.markLog(accountId, version)
  await settleWhenFull(ports, accountId, after.pendingCount, entries.length)
  return after.credits
}

/** A replay returns what was recorded, if the request is the same. */
function replayOf(account: CreditAccount, recorded: LogEntry, request: SpendRequest): Spent {
  const same = recorded.kind === 'spend' && recorded.amount === -request.credits && recorded.action === request.action
  if (!same) throw new IdempotencyConflict()
  return { entryId: entryIdOf(account._id, recorded.key), creditsLeft: account.credits, replayed: true }
}
