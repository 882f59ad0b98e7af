import { isDeepStrictEqual } from 'node:util'
import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { CreditsUnavailable } from '../../credits/errors.ts'
import { type MoneyBack, readMoneyBack } from './money-returned.server.ts'
import type { MoneySource } from './charged-purchase.server.ts'

/*
 * What a row says about money that went back, over all payments of what was bought. A dispute that is open or lost
 * outweighs a refund, a refund outweighs the end of the plan; so the row says the same in whatever order events come.
 */

const ROUNDS = 5

type Gone = 'refunded' | 'partially_refunded' | 'disputed' | 'dispute_lost'
const GONE: Gone[] = ['refunded', 'partially_refunded', 'disputed', 'dispute_lost']
const DISPUTES: Gone[] = ['disputed', 'dispute_lost']

/**
 * Brings a row to what Stripe says has gone back of its money, and to what the ledger says of its credits. Reads again
 * after writing: of two processes, the one that had read less could otherwise write last.
 * @param dispute what an event said of one that Stripe does not know
 * @throws CreditsUnavailable when it changes faster than it can be read
 */
export async function markRow(source: MoneySource, dispute?: MoneyBack['dispute']): Promise<void> {
  const read = async () => ({ ...(await readMoneyBack(source)), ...(source.told && dispute && { dispute }) })
  let back = await read()
  for (let round = 0; round < ROUNDS; round++) {
    await write(source, back)
    const again = await read()
    if (isDeepStrictEqual(again, back)) return
    back = again
  }
  throw new CreditsUnavailable()
}

async function write({ of, paid }: MoneySource, back: MoneyBack): Promise<void> {
  const gone = statusOf(back, paid)
  const sums = { amountRefunded: back.refunded, creditsReversed: back.credits }
  // What is not known of a dispute stays as it was said.
  const status = back.dispute === 'unknown' ? { status: { $nin: DISPUTES } } : {}
  if (of.type === 'payment') {
    const one = { stripePaymentIntentId: of.id }
    await PaymentModel.updateOne(one, { $set: sums })
    await PaymentModel.updateOne({ ...one, ...status }, { $set: { status: gone ?? 'paid' } })
    return
  }
  const one = { stripeInvoiceId: of.id }
  await BillingHistoryModel.updateOne(one, { $set: sums })
  if (gone) await BillingHistoryModel.updateOne({ ...one, ...status }, { $set: { status: gone } })
  else await standAgain({ ...one, status: { $in: back.dispute === 'unknown' ? GONE.slice(0, 2) : GONE } })
}

function statusOf({ refunded, dispute }: MoneyBack, paid: number): Gone | null {
  if (dispute === 'open') return 'disputed'
  if (dispute === 'lost') return 'dispute_lost'
  if (refunded <= 0) return null
  return refunded >= paid ? 'refunded' : 'partially_refunded'
}

/** Back to what a row says whose money is all there; one with a reason is of a plan that had ended before. */
async function standAgain(gone: { stripeInvoiceId: string; status: { $in: Gone[] } }): Promise<void> {
  await BillingHistoryModel.updateOne({ ...gone, statusReason: { $type: 'string' } }, { $set: { status: 'cancelled' } })
  await BillingHistoryModel.updateOne(gone, { $set: { status: 'active' } })
}
