import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { now } from '../../clock.server.ts'
import { config } from '../../config.server.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const AT_ONCE = 500

/**
 * Deletes events handled so long ago that Stripe can neither list nor send them again: see docs/decisions/0025. Failed
 * events stay: they may still have to be handled. Safe to run twice, concurrently and beside deliveries: an event is
 * deleted only while it is marked as handled.
 * @param days how old an event must be, counted from when it was received; 0 keeps everything
 * @returns how many events of one batch were deleted; 0 if none are left
 */
export async function deleteOldEvents(days = config().keepDays.webhookEvents): Promise<number> {
  if (days === 0) return 0
  const receivedBefore = new Date(now().getTime() - days * DAY_MS)
  const handled = {
    status: { $in: ['processed' as const, 'ignored' as const] },
    receivedAt: { $lt: receivedBefore },
  }
  const old = await WebhookEventModel.find(handled)
    .sort({ receivedAt: 1 })
    .limit(AT_ONCE)
    .select({ _id: 1 })
    .lean<{ _id: string }[]>()
  if (old.length === 0) return 0
  const { deletedCount } = await WebhookEventModel.deleteMany({ _id: { $in: old.map(({ _id }) => _id) }, ...handled })
  return deletedCount
}
