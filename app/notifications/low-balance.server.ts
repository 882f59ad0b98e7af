import type { CreditAccount } from '#models/credit-account.server.ts'
import { creditEntries, type CreditEntry } from '#models/credit-entry.server.ts'

type Step = Pick<CreditEntry, 'seq' | 'at' | 'amount' | 'balance'>

/**
 * Finds the entry with which an account fell below a threshold, by reading its log and then its ledger backward. Held credits
 * count: a hold may be released, so it is no reason to warn.
 * @param account as read, with `credits + held` below `threshold`
 * @param threshold whole credits
 * @param since how far to look back
 * @returns null if it fell earlier than `since`, or was never above; every process finds the same entry
 */
export async function findCrossing(account: CreditAccount, threshold: number, since: Date): Promise<Step | null> {
  for await (const step of stepsBackward(account)) {
    if (step.at < since) return null
    if (step.balance - step.amount >= threshold) return step
  }
  return null
}

async function* stepsBackward(account: CreditAccount): AsyncGenerator<Step> {
  let balance = account.credits + account.held
  for (const [index, { amount, at }] of [...account.pending.entries()].reverse()) {
    yield { seq: account.posted + index, at, amount, balance }
    balance -= amount
  }
  // Rows that are posted but still in the log have been read already.
  yield* creditEntries()
    .find({ accountId: account._id, seq: { $lt: account.posted } })
    .project<Step>({ seq: 1, at: 1, amount: 1, balance: 1 })
    .sort({ seq: -1 })
    .batchSize(500)
}
