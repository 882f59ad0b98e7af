import { done, ignored, type Outcome } from '../../outcome.ts'
import { findChargedPurchase, retrieveCharge } from '../../refunds/charged-purchase.server.ts'
import { takeDispute } from '../../refunds/dispute.server.ts'
import { syncRefundStatus } from '../../refunds/refund-status.server.ts'
import { readDispute, type StripeDispute } from '../../stripe/objects/charge.ts'
import type { EventObject } from '../event.ts'
import { wasDisputeClosed } from './earlier-events.server.ts'
import { findUnverifiedPurchase, writeUnverifiedStatus } from './refund.server.ts'

/** A dispute's event carries its status. */
export async function takeDisputeEvent(object: EventObject): Promise<Outcome> {
  const dispute = readDispute(object)
  const { id, chargeId, paymentIntentId, currency } = dispute
  const charge = chargeId ? await retrieveCharge(chargeId) : null
  if (charge) {
    const purchase = await findChargedPurchase(charge)
    if (!purchase) return ignored(`The dispute ${id} is about nothing of ours.`)
    const { sentence, isNew } = await takeDispute(purchase, dispute)
    await syncRefundStatus(purchase)
    return done(sentence, isNew)
  }
  const purchase = await findUnverifiedPurchase({ invoiceId: null, paymentIntentId, currency })
  if (!purchase) return ignored(`The dispute ${id} is about nothing of ours.`)
  if (!CLOSED.includes(dispute.status) && (await wasDisputeClosed(id))) {
    return ignored(`The dispute ${id} was closed meanwhile.`)
  }
  const { sentence, isNew } = await takeDispute(purchase, dispute)
  await writeUnverifiedStatus(purchase, stateOf(dispute))
  return done(sentence, isNew)
}

const CLOSED = ['won', 'lost', 'warning_closed', 'prevented']
const INQUIRY = ['warning_needs_response', 'warning_under_review']

function stateOf({ status }: StripeDispute): 'open' | 'lost' | 'none' | 'unknown' {
  if (INQUIRY.includes(status)) return 'unknown'
  if (status === 'lost') return 'lost'
  return CLOSED.includes(status) ? 'none' : 'open'
}
