import type { Types } from 'mongoose'
import { type CreditAccount, NEVER } from '#models/credit-account.server.ts'
import { grantEntry, type GrantRequest } from './grant.server.ts'
import { WELCOME_KEY } from './keys.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'

/**
 * Opens an owner's account with its welcome grant, in one insert, so an account never exists without it. Safe to
 * repeat, concurrently and late; it never grants a second welcome.
 * @param options `welcomeCredits`: whole credits, 0 for none
 * @throws CreditsUnavailable
 */
export async function openAccount(
  accountId: Types.ObjectId,
  { welcomeCredits }: { welcomeCredits: number },
  ports: CreditPorts = livePorts,
): Promise<void> {
  const at = ports.now()
  const welcome: GrantRequest = {
    key: WELCOME_KEY,
    credits: welcomeCredits,
    source: { type: 'welcome', id: accountId.toHexString() },
    category: 'promotional',
  }
  const entries = welcomeCredits > 0 ? [grantEntry(welcome, at)] : []
  if (await ports.store.findAccount(accountId)) return
  await ports.store.insertAccount({
    ...emptyAccount(accountId, ports.newVersion(), at),
    credits: welcomeCredits,
    pending: entries.map(({ metadata: _, ...entry }) => entry),
    ...(entries.length > 0 && { loggedSince: at }),
  })
}

/** An account before anything has happened. */
export function emptyAccount(accountId: Types.ObjectId, version: string, at: Date): CreditAccount {
  return {
    _id: accountId,
    credits: 0,
    held: 0,
    holds: [],
    nextChange: NEVER,
    version,
    frozen: null,
    freezes: [],
    limits: {},
    pending: [],
    posted: 0,
    grants: [],
    debt: 0,
    createdAt: at,
  }
}
