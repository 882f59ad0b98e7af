import { BillingHistoryModel } from '#models/billing-history.server.ts'
import { PaymentModel } from '#models/payment.server.ts'
import { CreditsUnavailable } from '../credits/errors.ts'
import { type MoneySource, readAgain } from './money-source.server.ts'

/*
 * What a row says about money that went back. A dispute that is open or lost outweighs a refund, a refund outweighs the
 * end of the plan; so the row says the same in whatever order all that is told.
 */

const ROUNDS = 5

const goneBack = ({ charge, credited }: MoneySource): number => charge.amountRefunded + credited

/** Reads again after writing: of two processes, one that had read less would otherwise have the last word. */
async function withLastWord(source: MoneySource, write: (read: MoneySource) => Promise<void>): Promise<void> {
  let read = source
  for (let round = 0; round < ROUNDS; round++) {
    await write(read)
    const again = await readAgain(read)
    if (goneBack(again) === goneBack(read)) return
    read = again
  }
  throw new CreditsUnavailable()
}

/** Writes how much of a payment has gone back. Stripe counts it in all, so the newest reading is right. */
export function markRefunded(source: MoneySource): Promise<void> {
  return withLastWord(source, writeRefunded)
}

async function writeRefunded(source: MoneySource): Promise<void> {
  const { of, paid } = source
  const amountRefunded = goneBack(source)
  const status = statusOf(amountRefunded, paid)
  if (of.type === 'payment') {
    await PaymentModel.updateOne({ stripePaymentIntentId: of.id }, { $set: { amountRefunded } })
    const open = { stripePaymentIntentId: of.id, status: { $ne: 'disputed' as const } }
    await PaymentModel.updateOne(open, { $set: { status: status ?? 'paid' } })
    return
  }
  await BillingHistoryModel.updateOne({ stripeInvoiceId: of.id }, { $set: { amountRefunded } })
  if (status) {
    const open = { stripeInvoiceId: of.id, status: { $ne: 'disputed' as const } }
    await BillingHistoryModel.updateOne(open, { $set: { status } })
    return
  }
  // A refund that failed: the payment stands again.
  await standAgain(of.id, ['refunded', 'partially_refunded'])
}

const statusOf = (refunded: number, paid: number): 'refunded' | 'partially_refunded' | null => {
  if (refunded <= 0) return null
  return refunded >= paid ? 'refunded' : 'partially_refunded'
}

/** Writes that a payment is disputed, or no longer is. */
export function markDisputed(source: MoneySource, isDisputed: boolean): Promise<void> {
  return withLastWord(source, (read) => writeDisputed(read, isDisputed))
}

async function writeDisputed(source: MoneySource, isDisputed: boolean): Promise<void> {
  const { of, paid } = source
  const refunded = statusOf(goneBack(source), paid)
  if (of.type === 'payment') {
    const filter = { stripePaymentIntentId: of.id, ...(!isDisputed && { status: 'disputed' as const }) }
    await PaymentModel.updateOne(filter, { $set: { status: isDisputed ? 'disputed' : (refunded ?? 'paid') } })
  } else if (isDisputed) {
    await BillingHistoryModel.updateOne({ stripeInvoiceId: of.id }, { $set: { status: 'disputed' } })
  } else if (refunded) {
    const disputed = { stripeInvoiceId: of.id, status: 'disputed' as const }
    await BillingHistoryModel.updateOne(disputed, { $set: { status: refunded } })
  } else {
    await standAgain(of.id, ['disputed'])
  }
}

type Status = 'refunded' | 'partially_refunded' | 'disputed'

/** Back to what a row says whose money is all there; one with a reason is of a plan that had ended before. */
async function standAgain(stripeInvoiceId: string, from: Status[]): Promise<void> {
  const gone = { stripeInvoiceId, status: { $in: from } }
  await BillingHistoryModel.updateOne({ ...gone, statusReason: { $type: 'string' } }, { $set: { status: 'cancelled' } })
  await BillingHistoryModel.updateOne(gone, { $set: { status: 'active' } })
}
