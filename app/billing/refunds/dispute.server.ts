import { now } from '../../clock.server.ts'
import { freezeSpending, unfreezeSpending } from '../../credits/freeze.server.ts'
import { stripeDisputeKey, stripeDisputeLostKey } from '../../credits/keys.ts'
import { noteLost, restoreReversal } from '../../credits/reversal.server.ts'
import { done, ignored, type Outcome, unknownAtStripe } from '../outcome.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readDispute, type StripeDispute } from '../stripe/objects/charge.ts'
import { untilStable } from '../until-stable.ts'
import { type ChargedPurchase, findChargedPurchase, retrieveCharge } from './charged-purchase.server.ts'
import { notifyDispute, notifyDisputeLost, notifyDisputeWon } from './refund-mails.server.ts'
import { syncRefundStatus } from './refund-status.server.ts'
import { reverseCredits } from './reverse-credits.server.ts'

/**
 * Brings credits in line with a dispute: an open dispute takes the money, so its credits are reversed and spending is
 * paused; a won one restores them; a lost one ends the pause without them. Retrieves the dispute again after acting,
 * since two of its events may be handled at once.
 * @throws NotReadyYet, StripeUnavailable; CreditsUnavailable when the dispute changes faster than it can be read
 */
export async function processDispute(disputeId: string): Promise<Outcome> {
  const dispute = await retrieveDispute(disputeId)
  const charge = dispute?.chargeId ? await retrieveCharge(dispute.chargeId) : null
  if (!dispute || !charge) return unknownAtStripe(`Stripe does not know the dispute ${disputeId}.`)
  const purchase = await findChargedPurchase(charge)
  if (!purchase) return ignored(`The dispute ${disputeId} is about nothing of ours.`)
  let current = dispute
  let changed = false
  return untilStable(`The dispute ${disputeId}`, async () => {
    const { status } = current
    const { sentence, isNew } = await takeDispute(purchase, current)
    changed ||= isNew
    await syncRefundStatus(purchase)
    current = (await retrieveDispute(disputeId)) ?? current
    return current.status === status ? done(sentence, changed) : 'again'
  })
}

async function retrieveDispute(disputeId: string): Promise<StripeDispute | null> {
  const found = await findAtStripe((stripe) => stripe.disputes.retrieve(disputeId))
  return found && readDispute(found)
}

/** Applies a dispute's status to credits and spending. Safe to repeat. */
export async function takeDispute(
  purchase: ChargedPurchase,
  dispute: StripeDispute,
): Promise<{ sentence: string; isNew: boolean }> {
  const { id, status, amount } = dispute
  const { userId: accountId, key: of } = purchase
  const key = stripeDisputeKey(id)
  const source = { type: 'dispute' as const, id }
  switch (status) {
    case 'warning_needs_response':
    case 'warning_under_review':
      return { sentence: `The bank asks about ${of.id}; no money has moved.`, isNew: false }
    case 'won':
    case 'warning_closed':
    case 'prevented': {
      const undone = await restoreReversal({
        ...{ accountId, source, of, soldParts: purchase.parts },
        ...{ key: `${key}:restore`, undoes: key },
      })
      await unfreezeSpending(accountId, 'dispute', id)
      await notifyDisputeWon(purchase, id, undone.restored)
      const sentence = `The dispute ${id} ended well: ${undone.restored} credits were restored.`
      return { sentence, isNew: undone.found && !undone.replayed }
    }
    case 'lost': {
      const { reversed, found, replayed } = await reverseCredits(purchase, { key, source, amount })
      const lostAt = found ? await noteLost({ accountId, key: stripeDisputeLostKey(id), source, of }) : now()
      await unfreezeSpending(accountId, 'dispute', id)
      await notifyDisputeLost(purchase, dispute, { credits: reversed, lostAt })
      return { sentence: `The dispute ${id} was lost, and ${reversed} credits with it.`, isNew: found && !replayed }
    }
    default: {
      await freezeSpending(accountId, 'dispute', id)
      const { reversed, found, replayed } = await reverseCredits(purchase, { key, source, amount })
      await notifyDispute(purchase, dispute)
      const sentence = `The dispute ${id} is open: ${reversed} credits are reversed and spending is paused.`
      return { sentence, isNew: found && !replayed }
    }
  }
}
