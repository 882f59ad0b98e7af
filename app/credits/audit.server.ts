import type { Types } from 'mongoose'
import { CreditAccountModel } from '#models/credit-account.server.ts'
import { creditDays } from '#models/credit-day.server.ts'
import { creditEntries } from '#models/credit-entry.server.ts'
import { daySumViolations } from './day-sum-invariants.ts'
import { violations } from './invariants.ts'
import { livePorts } from './ports.server.ts'
import { rebuildDays } from './sum-days.server.ts'

export interface CreditAudit {
  accounts: number
  entries: number
  violations: { accountId: string; problem: string }[]
}

const LOOKS_MAX = 10

/**
 * Checks every invariant of every account, also while the app is running: reads the account, its ledger, and the
 * account again, and compares only if nothing changed in between.
 * @param options `rebuildsSums`: sums of days that differ from the ledger are written anew and checked again
 */
export async function auditCredits({ rebuildsSums = false } = {}): Promise<CreditAudit> {
  const audit: CreditAudit = { accounts: 0, entries: 0, violations: [] }
  for await (const { _id } of CreditAccountModel.collection.find({}, { projection: { _id: 1 } })) {
    const { entries, problems } = await auditAccount(_id, rebuildsSums)
    audit.accounts++
    audit.entries += entries
    for (const problem of problems) audit.violations.push({ accountId: _id.toHexString(), problem })
  }
  for (const orphan of await ownersWithoutAccount()) {
    audit.violations.push({ accountId: orphan, problem: 'the ledger has entries of an account that does not exist' })
  }
  return audit
}

/** Checks one account; a busy one is checked again. */
async function auditAccount(
  accountId: Types.ObjectId,
  rebuildsSums: boolean,
): Promise<{ entries: number; problems: string[] }> {
  for (let look = 0; look < LOOKS_MAX; look++) {
    const before = await livePorts.store.findAccount(accountId)
    const ledger = await creditEntries().find({ accountId }).sort({ seq: 1 }).toArray()
    const days = await creditDays().find({ accountId }).toArray()
    const after = await livePorts.store.findAccount(accountId)
    if (!before || !after) return { entries: 0, problems: ['the account vanished'] }
    const still = before.version === after.version && before.credits === after.credits && before.held === after.held
    if (still) {
      const wrongSums = daySumViolations(before, ledger, days)
      if (wrongSums.length > 0 && rebuildsSums) {
        await rebuildDays(accountId)
        return auditAccount(accountId, false)
      }
      return { entries: ledger.length + before.pending.length, problems: [...violations(before, ledger), ...wrongSums] }
    }
  }
  return { entries: 0, problems: [`the account moved during ${LOOKS_MAX} looks; run the audit again`] }
}

async function ownersWithoutAccount(): Promise<string[]> {
  const owners = await creditEntries()
    .aggregate<{ _id: Types.ObjectId }>([
      { $group: { _id: '$accountId' } },
      { $lookup: { from: CreditAccountModel.collection.name, localField: '_id', foreignField: '_id', as: 'account' } },
      { $match: { account: { $size: 0 } } },
    ])
    .toArray()
  return owners.map((owner) => owner._id.toHexString())
}
