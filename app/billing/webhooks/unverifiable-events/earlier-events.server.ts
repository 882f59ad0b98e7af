import { WebhookEventModel } from '#models/webhook-event.server.ts'

/* What Stripe cannot be asked about is compared with the events that arrived earlier. */

/** Whether a dispute was closed: the event of its opening may arrive after that of its closing. */
export async function wasDisputeClosed(disputeId: string): Promise<boolean> {
  const closed = { type: 'charge.dispute.closed', status: 'processed' as const, 'payload.data.object.id': disputeId }
  return (await WebhookEventModel.exists(closed)) !== null
}

/** Whether a refund failed: the event of its success may arrive after that of its failure. */
export async function hasRefundFailed(refundId: string): Promise<boolean> {
  const failure = {
    type: { $in: ['refund.failed', 'refund.updated', 'charge.refund.updated'] },
    'payload.data.object.id': refundId,
    'payload.data.object.status': { $in: ['failed', 'canceled'] },
  }
  return (await WebhookEventModel.exists(failure)) !== null
}
