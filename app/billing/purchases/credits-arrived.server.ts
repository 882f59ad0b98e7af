import type { Types } from 'mongoose'
import { getBalance } from '../../credits/balance.server.ts'
import { notify } from '../../notifications/outbox.server.ts'

/**
 * Notifies a customer about credits added without a payment: from a trial, a gift, or a won dispute.
 * @param key of the grant
 */
export async function notifyCreditsArrived(
  userId: Types.ObjectId,
  key: string,
  { credits, description }: { credits: number; description: string },
): Promise<void> {
  const { credits: balance } = await getBalance(userId)
  await notify({ kind: 'credits_arrived', userId, key, data: { credits, balance, description, expiresAt: null } })
}
