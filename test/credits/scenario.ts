import { Types } from 'mongoose'
import { expect } from 'vitest'
import { openAccount } from '#app/credits/account.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { grantCredits, type GrantRequest } from '#app/credits/grant.server.ts'
import { violations } from '#app/credits/invariants.ts'
import { settleAccount } from '#app/credits/settle.server.ts'
import { mongoStore } from '#app/credits/store.server.ts'
import { setNow } from '#app/clock.server.ts'
import { CreditEntryModel } from '#models/credit-entry.server.ts'
import type { CreditEntry } from '#models/credit-entry.server.ts'

export const DAY = 24 * 60 * 60 * 1000

/** Opens an account with this many welcome credits, or none. */
export async function anAccount(welcomeCredits = 0): Promise<Types.ObjectId> {
  const accountId = new Types.ObjectId()
  await openAccount(accountId, { welcomeCredits })
  return accountId
}

/** Grants credits as a paid invoice would. */
export async function paid(accountId: Types.ObjectId, credits: number, terms: Partial<GrantRequest> = {}) {
  const id = `in_${new Types.ObjectId().toHexString()}`
  await grantCredits(accountId, [{ key: `stripe:invoice:${id}`, credits, source: { type: 'invoice', id }, ...terms }])
  return { type: 'invoice' as const, id }
}

/** Moves the clock of the money code to this many milliseconds from now on. */
export function laterBy(milliseconds: number): void {
  const start = Date.now()
  setNow(() => new Date(start + milliseconds))
}

export async function ledgerOf(accountId: Types.ObjectId): Promise<CreditEntry[]> {
  const rows = await CreditEntryModel.collection.find({ accountId }).sort({ seq: 1 }).toArray()
  return rows as unknown as CreditEntry[]
}

/** Expects a balance, and every invariant, before and after the log is posted. */
export async function expectBalance(
  accountId: Types.ObjectId,
  expected: { credits: number; held?: number; debt?: number },
) {
  const { credits, held, debt } = await getBalance(accountId)
  expect({ credits, held, debt }).toEqual({ held: 0, debt: 0, ...expected })
  await expectSound(accountId)
  await settleAccount(accountId)
  await expectSound(accountId)
}

async function expectSound(accountId: Types.ObjectId) {
  const account = await mongoStore.findAccount(accountId)
  if (!account) throw new Error('there is no account')
  expect(violations(account, await ledgerOf(accountId))).toEqual([])
}
