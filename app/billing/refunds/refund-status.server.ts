import { isDeepStrictEqual } from 'node:util'
import { CreditsUnavailable } from '../../credits/errors.ts'
import { type ReturnedStatus, setReturned } from '../purchases/purchase.server.ts'
import type { ChargedPurchase } from './charged-purchase.server.ts'
import { type MoneyReturned, readMoneyReturned } from './money-returned.server.ts'

/*
 * What a purchase says about money that went back. An open or lost dispute outweighs a refund, a refund outweighs the end
 * of the plan; so the purchase says the same in whatever order events come.
 */

const ROUNDS = 5

/**
 * Brings a purchase to what Stripe says went back of its money, and to what the ledger says of its credits.
 * @throws CreditsUnavailable when it changes faster than it can be read
 */
export function syncRefundStatus(purchase: ChargedPurchase): Promise<void> {
  return writeUntilStable(purchase, () => readMoneyReturned(purchase))
}

/**
 * Writes what `read` says and reads again, until nothing has changed: of two processes, the one that had read less could
 * otherwise write last.
 * @throws CreditsUnavailable when it changes faster than it can be read
 */
export async function writeUntilStable(purchase: ChargedPurchase, read: () => Promise<MoneyReturned>): Promise<void> {
  let returned = await read()
  for (let round = 0; round < ROUNDS; round++) {
    const { refunded: amount, credits, dispute } = returned
    const status = statusOf(returned, purchase.paid)
    await setReturned(purchase.key, { amount, credits, status, isDisputeKnown: dispute !== 'unknown' })
    const again = await read()
    if (isDeepStrictEqual(again, returned)) return
    returned = again
  }
  throw new CreditsUnavailable()
}

function statusOf({ refunded, dispute }: MoneyReturned, paid: number): ReturnedStatus | null {
  if (dispute === 'open') return 'disputed'
  if (dispute === 'lost') return 'dispute_lost'
  if (refunded <= 0) return null
  return refunded >= paid ? 'refunded' : 'partially_refunded'
}
