import type { Types } from 'mongoose'
import { creditAccounts } from '#models/credit-account.server.ts'
import { CreditsUnavailable } from './errors.ts'
import { type FreezeReason, weightiest } from './freeze-reasons.ts'
import { type CreditPorts, livePorts } from './ports.server.ts'
import { readAccount } from './recorded.server.ts'

const ROUNDS_MAX = 12

/**
 * Pauses spending. Open holds can still be captured: they were already granted. Safe to repeat.
 * @param causeId what exactly, where there can be several at once (a dispute's id)
 */
export async function freezeSpending(
  accountId: Types.ObjectId,
  reason: FreezeReason,
  causeId?: string,
  ports: CreditPorts = livePorts,
): Promise<void> {
  const cause = causeId ? `${reason}:${causeId}` : reason
  await changeFreezes(ports, accountId, (freezes) => (freezes.includes(cause) ? freezes : [...freezes, cause]))
}

/** Ends one cause of a pause; spending resumes when no other is left. Safe to repeat. */
export async function unfreezeSpending(
  accountId: Types.ObjectId,
  reason: FreezeReason,
  causeId?: string,
  ports: CreditPorts = livePorts,
): Promise<void> {
  const cause = causeId ? `${reason}:${causeId}` : reason
  await changeFreezes(ports, accountId, (freezes) => freezes.filter((other) => other !== cause))
}

/** Which of some accounts are paused for a reason; their ids. */
export async function listFrozen(accountIds: Types.ObjectId[], reason: FreezeReason): Promise<Set<string>> {
  const frozen = creditAccounts().find({ _id: { $in: accountIds }, freezes: reason }, { projection: { _id: 1 } })
  return new Set(await frozen.map(({ _id }) => _id.toHexString()).toArray())
}

async function changeFreezes(
  ports: CreditPorts,
  accountId: Types.ObjectId,
  change: (freezes: string[]) => string[],
): Promise<void> {
  for (let round = 0; round < ROUNDS_MAX; round++) {
    await ports.pause(round)
    const account = await readAccount(ports, accountId)
    const freezes = change(account.freezes)
    if (freezes.length === account.freezes.length) return
    const version = ports.newVersion()
    const after = await ports.store.updateAccount(
      { _id: accountId, version: account.version },
      { $set: { freezes, frozen: weightiest(freezes), version } },
    )
    if (!after) continue
    ports.versions.set({ ...account, version })
    return
  }
  throw new CreditsUnavailable()
}
