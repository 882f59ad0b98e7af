import { isDeepStrictEqual } from 'node:util'
import { stripeRefundKey } from '../../credits/keys.ts'
import { restoreReversal } from '../../credits/reversal.server.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readRefund, type StripeRefund } from '../stripe/objects/charge.ts'
import { untilStable } from '../until-stable.ts'
import { type ChargedPurchase, findChargedPurchase, retrieveCharge } from './charged-purchase.server.ts'
import { notifyRefund } from './refund-mails.server.ts'
import { syncRefundStatus } from './refund-status.server.ts'
import { reverseCredits, standingReversal } from './reverse-credits.server.ts'
import { refundsOf } from './stripe-refunds.server.ts'

/**
 * Takes back the credits of all refunds of what a charge paid for: finds the purchase, makes sure its credits are
 * granted, reverses for each refund its share of the credits, over all payments of the purchase, and restores the
 * credits of failed refunds. Safe to repeat, in any order.
 * @param chargeId its refunds are listed at Stripe, since events do not carry them since API version 2022-11-15
 * @throws NotReadyYet, StripeUnavailable; CreditsUnavailable when the refunds change faster than they can be read
 */
export async function processRefunds(chargeId: string): Promise<Outcome> {
  const charge = await retrieveCharge(chargeId)
  if (!charge) return unknownAtStripe(`Stripe does not know the charge ${chargeId}.`)
  const purchase = await findChargedPurchase(charge)
  return purchase ? takeRefunds(purchase) : ignored(`The charge ${chargeId} paid for nothing of ours.`)
}

/** The same for one refund's ID. */
export async function processRefundById(refundId: string): Promise<Outcome> {
  const found = await findAtStripe((stripe) => stripe.refunds.retrieve(refundId))
  if (!found) return unknownAtStripe(`Stripe does not know the refund ${refundId}.`)
  const { chargeId } = readRefund(found)
  return chargeId ? processRefunds(chargeId) : ignored(`The refund ${refundId} has no charge.`)
}

/**
 * The same for a purchase. Reads the refunds again after acting: one may have failed meanwhile, with its event handled
 * before there was anything to restore.
 */
export async function takeRefunds(purchase: ChargedPurchase): Promise<Outcome> {
  let changed = false
  return untilStable(`The refunds of ${purchase.key.id}`, async () => {
    const refunds = await refundsOf(purchase.charges)
    let credits = 0
    for (const refund of refunds) {
      const effect = await takeRefund(purchase, refund)
      credits += effect.credits
      changed ||= effect.isNew
    }
    await syncRefundStatus(purchase)
    const isStable = isDeepStrictEqual(await refundsOf(purchase.charges), refunds)
    const sentence = `${refunds.length} refunds of ${purchase.key.id} account for ${credits} credits.`
    return isStable ? done(sentence, changed) : 'again'
  })
}

interface Effect {
  /** Credits currently reversed for it. */
  credits: number
  isNew: boolean
}

/** Reverses the credits of one refund, or restores them if it failed. */
export async function takeRefund(purchase: ChargedPurchase, refund: StripeRefund): Promise<Effect> {
  if (refund.hasFailed) return restoreRefund(purchase, refund.id)
  const reversal = {
    key: stripeRefundKey(refund.id),
    source: { type: 'refund' as const, id: refund.id },
    amount: refund.amount,
    lines: purchase.named.refunds.get(refund.id),
  }
  const { reversed, found, replayed } = await reverseCredits(purchase, reversal)
  await notifyRefund(purchase, refund, reversed)
  return { credits: reversed, isNew: found && !replayed }
}

/**
 * Restores the credits taken by a failed refund.
 * @param undoes the key of the reversal to undo; the refund's own unless given
 */
export async function restoreRefund(purchase: ChargedPurchase, refundId: string, undoes?: string): Promise<Effect> {
  const { userId: accountId, key: of, parts: soldParts } = purchase
  const key = stripeRefundKey(refundId)
  const restore = { accountId, key: `${key}:restore`, source: { type: 'refund' as const, id: refundId }, of, soldParts }
  return untilStable(`The reversal of ${refundId}`, async () => {
    const current = undoes ?? (await standingReversal(purchase, key))?.key
    const undone = await restoreReversal({ ...restore, undoes: current ?? key })
    // Another process may have replaced the reversal meanwhile.
    if (!undone.found && current) return 'again'
    return { credits: 0, isNew: undone.found && !undone.replayed }
  })
}
