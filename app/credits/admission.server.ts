import type { CreditAccount } from '#models/credit-account.server.ts'
import { InsufficientCredits, SpendingFrozen } from './errors.ts'
import type { CreditPorts } from './ports.server.ts'
import { releaseLapsed } from './resolve-hold.server.ts'
import { capsFor, checkCaps, renewedCaps } from './spending-caps.ts'
import { tickAccount } from './tick.server.ts'

/**
 * Decides from one read whether an account may be debited. A refusal's numbers come from that same read, and only after
 * everything due was applied.
 * @param account the account as read, after its key was looked up
 * @returns `go`, or `again` when something due was done first and the account must be read anew
 * @throws SpendingFrozen, SpendingCapReached, InsufficientCredits
 */
export async function admit(
  ports: CreditPorts,
  account: CreditAccount,
  credits: number,
  spender?: string,
): Promise<'go' | 'again'> {
  if (account.frozen !== null) throw new SpendingFrozen(account.frozen)
  const at = ports.now()
  if (account.nextChange <= at) {
    await tickAccount(account._id, ports)
    return 'again'
  }
  if (account.spendingCaps) {
    if (await renewCaps(ports, account, at)) return 'again'
    checkCaps(capsFor(account.spendingCaps, spender), credits)
  }
  if (account.credits >= credits) return 'go'
  const lapsed = account.holds.find((hold) => hold.expiresAt <= at)
  if (lapsed) {
    // Not in turn: a hold being placed has the turn already and would wait for itself.
    await releaseLapsed({ ...ports, inTurn: (_accountId, run) => run() }, account._id, lapsed.id)
    return 'again'
  }
  throw new InsufficientCredits(credits, account.credits)
}

/** Begins the next period of caps whose period has ended, fenced. @returns whether the account must be read anew */
async function renewCaps(ports: CreditPorts, account: CreditAccount, at: Date): Promise<boolean> {
  const renewed = renewedCaps(account.spendingCaps, at)
  const changes = Object.entries(renewed).map(([name, cap]) => [`spendingCaps.${name}`, cap] as const)
  if (changes.length === 0) return false
  const version = ports.newVersion()
  const after = await ports.store.updateAccount(
    { _id: account._id, version: account.version },
    { $set: { ...Object.fromEntries(changes), version } },
  )
  if (after) ports.versions.set({ ...account, spendingCaps: { ...account.spendingCaps, ...renewed }, version })
  return true
}
