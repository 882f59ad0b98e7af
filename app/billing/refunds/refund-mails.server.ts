import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { stripeDisputeKey } from '../../credits/keys.ts'
import { isNews } from '../../notifications/news.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { readUser } from '../customers/users.server.ts'
import { notifyCreditsArrived } from '../purchases/credits-arrived.server.ts'
import { describePurchase, findPurchase } from '../purchases/purchase.server.ts'
import type { StripeDispute, StripeRefund } from '../stripe/objects/charge.ts'
import type { ChargedPurchase } from './charged-purchase.server.ts'

/* Mails about refunds and disputes. A mail is queued each time its cause is seen; the outbox keeps one per cause. */

/** Where the money is returned: by the payment method, to the customer's balance, or outside of Stripe. */
type RefundedTo = 'card' | 'balance' | 'elsewhere'

/** Part of a payment was returned, and its credits were taken back. */
export async function notifyRefund(
  purchase: ChargedPurchase,
  { id, amount, createdAt, to = 'card' }: Pick<StripeRefund, 'id' | 'amount' | 'createdAt'> & { to?: RefundedTo },
  credits: number,
): Promise<void> {
  if (!isNews(createdAt, now())) return
  const { userId, currency } = purchase
  const data = { amount, currency, description: await describe(purchase), credits, refundedAt: createdAt, to }
  await notify({ kind: 'refund', userId, key: id, data })
}

/** A bank holds a payment until a dispute is decided. */
export async function notifyDispute(
  purchase: ChargedPurchase,
  { id, amount, createdAt }: StripeDispute,
): Promise<void> {
  if (!isNews(createdAt, now())) return
  const { userId, currency } = purchase
  const data = { amount, currency, description: await describe(purchase), openedAt: createdAt }
  await notify({ kind: 'dispute_opened', userId, key: id, data })
}

/** Banks decide within some months; an older dispute was lost long ago. */
const DISPUTE_MS = 120 * 24 * 60 * 60 * 1000

/** A dispute was lost: the cardholder keeps the money, and the credits are not restored. */
export async function notifyDisputeLost(
  purchase: ChargedPurchase,
  { id, amount, createdAt }: StripeDispute,
  { credits, lostAt }: { credits: number; lostAt: Date },
): Promise<void> {
  if (!isNews(lostAt, now()) || now().getTime() - createdAt.getTime() > DISPUTE_MS) return
  const { userId, currency } = purchase
  const { frozen } = await getBalance(userId)
  const description = await describe(purchase)
  const data = { amount, currency, description, credits, lostAt, isPaused: frozen !== null }
  await notify({ kind: 'dispute_lost', userId, key: id, data })
}

/** A dispute was won, and its credits were restored. */
export async function notifyDisputeWon({ userId }: ChargedPurchase, disputeId: string, credits: number): Promise<void> {
  if (credits <= 0) return
  const description = 'Back after a dispute that was decided for you'
  await notifyCreditsArrived(userId, stripeDisputeKey(disputeId), { credits, description })
}

async function describe({ key, userId }: ChargedPurchase): Promise<string> {
  const purchase = await findPurchase(key)
  if (purchase) return describePurchase(purchase, (await readUser(userId)).timeZone)
  return key.type === 'payment' ? 'Credits' : 'Your plan'
}
