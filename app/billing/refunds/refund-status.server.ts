import { isDeepStrictEqual } from 'node:util'
import { type ReturnedStatus, setReturned } from '../purchases/purchase.server.ts'
import { untilStable } from '../until-stable.ts'
import type { ChargedPurchase } from './charged-purchase.server.ts'
import { type MoneyReturned, readMoneyReturned } from './money-returned.server.ts'

/*
 * A purchase's status after money was returned. A dispute takes precedence over a refund, a refund over the end of the
 * plan, so the status is the same in any order of events.
 */

/**
 * Brings a purchase's status in line with the money returned in Stripe and the credits in the ledger.
 * @throws CreditsUnavailable when it changes faster than it can be read
 */
export function syncRefundStatus(purchase: ChargedPurchase): Promise<void> {
  return writeUntilStable(purchase, () => readMoneyReturned(purchase))
}

/**
 * Writes what `read` returns and reads again until nothing changes: otherwise a process with an older reading could
 * write last.
 * @throws CreditsUnavailable when it changes faster than it can be read
 */
export async function writeUntilStable(purchase: ChargedPurchase, read: () => Promise<MoneyReturned>): Promise<void> {
  let returned = await read()
  await untilStable('What was refunded', async () => {
    const { refunded: amount, credits, dispute } = returned
    const status = statusOf(returned, purchase.paid)
    await setReturned(purchase.key, { amount, credits, status, isDisputeKnown: dispute !== 'unknown' })
    const before = returned
    returned = await read()
    return isDeepStrictEqual(returned, before) || 'again'
  })
}

function statusOf({ refunded, dispute }: MoneyReturned, paid: number): ReturnedStatus | null {
  if (dispute === 'open') return 'disputed'
  if (dispute === 'lost') return 'dispute_lost'
  if (refunded <= 0) return null
  return refunded >= paid ? 'refunded' : 'partially_refunded'
}
