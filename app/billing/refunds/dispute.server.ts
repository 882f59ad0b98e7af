import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../../clock.server.ts'
import { CreditsUnavailable } from '../../credits/errors.ts'
import { freezeSpending, unfreezeSpending } from '../../credits/freeze.server.ts'
import { stripeDisputeKey, stripeDisputeLostKey } from '../../credits/keys.ts'
import { noteLost, restoreReversal } from '../../credits/reversal.server.ts'
import { findMoneySource, type MoneySource } from './charged-purchase.server.ts'
import { done, ignored, type Outcome } from '../outcome.ts'
import { tellDispute, tellDisputeLost, tellDisputeWon } from '../invoices/receipts.server.ts'
import { reverseClaim } from './reverse-credits.server.ts'
import { markRow } from './refund-status.server.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readDispute, type StripeDispute } from '../stripe/objects/charge.ts'

const ROUNDS = 5

/**
 * Brings credits to what a dispute says now: while it is open the money is away, so its credits are, and spending stops;
 * won gives them back, lost lets spending go on without them. Reads the dispute again after acting, since two events of
 * it may be handled at once.
 * @param disputeId read back from Stripe
 * @param told the dispute as an event had it, should Stripe not know it
 */
export async function processDispute(disputeId: string, told: StripeDispute | null = null): Promise<Outcome> {
  let dispute = (await retrieve(disputeId)) ?? told
  if (!dispute?.chargeId) return ignored(`Stripe does not know the dispute ${disputeId}.`)
  const { chargeId: id, paymentIntentId, currency } = dispute
  const charge = { id, paymentIntentId, currency, invoiceId: null, amountRefunded: 0, refunds: [] }
  const source = await findMoneySource(id, charge)
  if (source?.told && (await isLate(dispute))) return ignored(`The dispute ${disputeId} has been closed since.`)
  if (!source) return ignored(`The dispute ${disputeId} is about nothing of ours.`)
  let changed = false
  for (let round = 0; round < ROUNDS; round++) {
    const { status } = dispute
    const { sentence, isNew } = await apply(source, dispute)
    changed ||= isNew
    dispute = (await retrieve(disputeId)) ?? dispute
    if (dispute.status === status) return done(sentence, changed)
  }
  throw new CreditsUnavailable()
}

/** Where Stripe cannot be asked: of a dispute that was told to be closed, word of its beginning comes late. */
async function isLate({ id, status }: StripeDispute): Promise<boolean> {
  if (['won', 'lost', 'warning_closed', 'prevented'].includes(status)) return false
  const closed = { type: 'charge.dispute.closed', status: 'processed' as const, 'payload.data.object.id': id }
  return (await WebhookEventModel.exists(closed)) !== null
}

async function retrieve(disputeId: string): Promise<StripeDispute | null> {
  const found = await findAtStripe((stripe) => stripe.disputes.retrieve(disputeId))
  return found && readDispute(found)
}

async function apply(moneySource: MoneySource, dispute: StripeDispute): Promise<{ sentence: string; isNew: boolean }> {
  const { id, status, amount } = dispute
  const { userId: accountId, of } = moneySource
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
        ...{ accountId, source, of, soldParts: moneySource.parts },
        ...{ key: `${key}:restore`, undoes: key },
      })
      await markRow(moneySource, 'none')
      await unfreezeSpending(accountId, 'dispute', id)
      await tellDisputeWon(moneySource, id, undone.restored)
      const sentence = `The dispute ${id} ended well: ${undone.restored} credits came back.`
      return { sentence, isNew: undone.found && !undone.replayed }
    }
    case 'lost': {
      const { reversed, found, replayed } = await reverseClaim(moneySource, { key, source, amount })
      const lostAt = found ? await noteLost({ accountId, key: stripeDisputeLostKey(id), source, of }) : now()
      await markRow(moneySource, 'lost')
      await unfreezeSpending(accountId, 'dispute', id)
      await tellDisputeLost(moneySource, dispute, { credits: reversed, lostAt })
      return { sentence: `The dispute ${id} was lost, and ${reversed} credits with it.`, isNew: found && !replayed }
    }
    default: {
      await freezeSpending(accountId, 'dispute', id)
      const { reversed, found, replayed } = await reverseClaim(moneySource, { key, source, amount })
      await markRow(moneySource, 'open')
      await tellDispute(moneySource, dispute)
      const sentence = `The dispute ${id} is open: ${reversed} credits are away and spending stops.`
      return { sentence, isNew: found && !replayed }
    }
  }
}
