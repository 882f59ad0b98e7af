import { now } from '../../../clock.server.ts'
import { stripeRefundKey } from '../../../credits/keys.ts'
import { reversedOfSource } from '../../../credits/reversal-history.server.ts'
import { restoreReversal } from '../../../credits/reversal.server.ts'
import { done, ignored, type Outcome } from '../../outcome.ts'
import { findPurchaseOfCharge } from '../../purchases/purchase.server.ts'
import { type ChargedPurchase, UNDIVIDED } from '../../refunds/charged-purchase.server.ts'
import { moneyOf } from '../../refunds/credit-note-lines.ts'
import { type MoneyReturned, refundReversals } from '../../refunds/money-returned.server.ts'
import { writeUntilStable } from '../../refunds/refund-status.server.ts'
import { processRefunds, restoreRefund, takeRefund } from '../../refunds/refund.server.ts'
import { readCharge, readRefund, type StripeCharge, type StripeRefund } from '../../stripe/objects/charge.ts'
import type { EventObject } from '../event.ts'
import { hasRefundFailed } from './earlier-events.server.ts'

/** A charge as its event describes it. */
type ChargeSnapshot = Pick<
  StripeCharge,
  'id' | 'paymentIntentId' | 'invoiceId' | 'amountRefunded' | 'currency' | 'refunds'
>

/** A charge's event carries the total refunded and, in old API versions, each refund. */
export async function takeChargeEvent(object: EventObject): Promise<Outcome> {
  return takeRefundsOf(readCharge(object))
}

/** A refund's event carries one refund; it may be the first event about its charge. */
export async function takeRefundEvent(object: EventObject): Promise<Outcome> {
  const refund = readRefund(object)
  const { id, chargeId, paymentIntentId, currency } = refund
  if (!chargeId) return ignored(`The refund ${id} has no charge.`)
  const known = await processRefunds(chargeId)
  if (!known.isUnknown) return known
  return takeRefundsOf({
    id: chargeId,
    paymentIntentId,
    invoiceId: null,
    amountRefunded: 0,
    currency: currency ?? '',
    refunds: [refund],
  })
}

/** Finds what a charge unknown to Stripe paid for, from the database only. */
export async function findUnverifiedPurchase(
  charge: Pick<ChargeSnapshot, 'invoiceId' | 'paymentIntentId' | 'currency'>,
): Promise<ChargedPurchase | null> {
  const purchase = await findPurchaseOfCharge(charge)
  if (!purchase) return null
  const { key, userId, amount: paid } = purchase
  return { ...UNDIVIDED, key, userId, paid, currency: charge.currency, charges: [] }
}

/**
 * Updates a purchase's status from the ledger, the only source for it.
 * @param dispute its status, from an event about a dispute
 */
export async function writeUnverifiedStatus(
  purchase: ChargedPurchase,
  dispute: MoneyReturned['dispute'] = 'unknown',
): Promise<void> {
  await writeUntilStable(purchase, async () => ({
    refunded: moneyOf(await refundReversals(purchase)),
    credits: await reversedOfSource(purchase.userId, purchase.key),
    dispute,
  }))
}

/** Never counts the cumulative amount and the single refund twice. */
async function takeRefundsOf(charge: ChargeSnapshot): Promise<Outcome> {
  const purchase = await findUnverifiedPurchase(charge)
  if (!purchase) return ignored(`The charge ${charge.id} paid for nothing of ours.`)
  let changed = false
  for (const refund of charge.refunds) changed = (await takeSingleRefund(purchase, charge, refund)) || changed
  const taken = moneyOf(await refundReversals(purchase))
  if (charge.refunds.length === 0 && charge.amountRefunded > taken) {
    const { id, amountRefunded, currency, paymentIntentId } = charge
    const refund = { id: `${id}:${amountRefunded}`, chargeId: id, paymentIntentId, currency }
    const rest = { amount: amountRefunded - taken, hasFailed: false, createdAt: now() }
    changed = (await takeRefund(purchase, { ...refund, ...rest })).isNew || changed
  }
  await dropCountedTwice(purchase, charge)
  await writeUnverifiedStatus(purchase)
  return done(`By its events, ${moneyOf(await refundReversals(purchase))} of ${charge.id} was refunded.`, changed)
}

async function takeSingleRefund(
  purchase: ChargedPurchase,
  charge: ChargeSnapshot,
  refund: StripeRefund,
): Promise<boolean> {
  const hasFailed = refund.hasFailed || (await hasRefundFailed(refund.id))
  const open = await refundReversals(purchase)
  const sums = open.filter(({ key }) => key.startsWith(sumKeyOf(charge)))
  if (!hasFailed) return sums.length === 0 && (await takeRefund(purchase, { ...refund, hasFailed })).isNew
  const own = open.find(({ key }) => key === stripeRefundKey(refund.id))
  // A refund counted in the total took what the total rose by.
  const undoes = own ?? sums.find(({ amount }) => amount === refund.amount)
  return (await restoreRefund(purchase, refund.id, undoes?.key)).isNew
}

const sumKeyOf = ({ id }: { id: string }): string => stripeRefundKey(`${id}:`)

/**
 * Undoes single refunds that the cumulative amount already covers. Two events handled at once may not have seen each
 * other.
 */
async function dropCountedTwice(purchase: ChargedPurchase, charge: ChargeSnapshot): Promise<void> {
  const { userId: accountId, key: of } = purchase
  const bySum = sumKeyOf(charge)
  const open = await refundReversals(purchase)
  const sums = open.filter(({ key }) => key.startsWith(bySum)).map(({ key }) => Number(key.slice(bySum.length)))
  let excess = sums.length > 0 ? moneyOf(open) - Math.max(...sums) : 0
  for (const { key, amount } of open) {
    if (key.startsWith(bySum) || amount > excess) continue
    const source = { type: 'refund' as const, id: charge.id }
    await restoreReversal({ accountId, key: `${key}:counted`, source, of, undoes: key })
    excess -= amount
  }
}
