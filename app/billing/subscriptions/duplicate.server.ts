import type { Types } from 'mongoose'
import { type CanceledDuplicate, type User, UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { logger } from '../../log.server.ts'
import { isNews } from '../../notifications/news.ts'
import { notify } from '../../notifications/outbox.server.ts'
import { creditsOfLines } from '../line-items/sold-lines.server.ts'
import { callStripe, callUnderKey, unlessRefused } from '../stripe/client.server.ts'
import { readInvoice, type StripeInvoice } from '../stripe/objects/invoice.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { planItemOf } from './plan-item.server.ts'
import { isEnded } from './subscription-state.ts'

const KEPT_MAX = 5

/**
 * Cancels a duplicate subscription. Its unused time is credited to the customer's balance, and the resulting invoice
 * takes back its credits. Unpaid time, of a trial or a failed renewal, is worth nothing.
 */
export async function cancelDuplicate({ id: subscriptionId, status }: StripeSubscription): Promise<void> {
  logger.warn({ subscription: subscriptionId }, 'A second live subscription is canceled')
  const settlement = status === 'active' ? { prorate: true, invoice_now: true } : {}
  // Another process may have been first.
  await unlessRefused(
    callUnderKey(`cancel-duplicate:${subscriptionId}:${status}`, (stripe, options) =>
      stripe.subscriptions.cancel(subscriptionId, settlement, options),
    ),
  )
}

/**
 * Notifies a customer about subscriptions canceled in favor of the one kept, and stores it for the pages. Runs at every
 * sync, so that a crash after the cancellation is repaired.
 * @param user with the subscription that stays
 * @param known all that Stripe has, as it was before any was canceled now
 */
export async function notifyDuplicates(user: User, known: readonly StripeSubscription[]): Promise<void> {
  const { subscription, canceledDuplicates = [] } = user
  for (const id of subscription?.previousSubscriptionIds ?? []) {
    const before = known.find((one) => one.id === id)
    if (!before || canceledDuplicates.some((one) => one.stripeSubscriptionId === id)) continue
    if (before.endedAt && !isNews(before.endedAt, now())) continue
    const canceled = await retrieveSubscription(id)
    const duplicate = canceled && isEnded(canceled.status) ? await duplicateOf(canceled, subscription!.plan) : null
    if (!duplicate) continue
    const { stripeSubscriptionId: key, at: canceledAt, ...data } = duplicate
    await notify({ kind: 'duplicate_canceled', userId: user._id, key, data: { ...data, canceledAt } })
    await note(user._id, duplicate)
  }
}

async function duplicateOf(canceled: StripeSubscription, keptPlan: string): Promise<CanceledDuplicate | null> {
  const sold = await planItemOf(canceled)
  const { data } = await callStripe((stripe) => stripe.invoices.list({ subscription: canceled.id, limit: 1 }))
  const invoice = data[0] && readInvoice(data[0])
  if (!sold || !invoice) return null
  return {
    stripeSubscriptionId: canceled.id,
    plan: sold.plan.name,
    keptPlan,
    amount: Math.max(0, -invoice.total),
    currency: invoice.currency,
    credits: invoice.total < 0 ? await creditsTaken(invoice) : 0,
    at: canceled.endedAt ?? now(),
  }
}

/** The credits that handling this invoice takes back, computed by the same function. */
async function creditsTaken({ lines }: StripeInvoice): Promise<number> {
  const bought = await creditsOfLines(lines)
  return Math.max(0, -(bought?.credits ?? 0))
}

async function note(userId: Types.ObjectId, duplicate: CanceledDuplicate): Promise<void> {
  const { stripeSubscriptionId: id } = duplicate
  await UserModel.updateOne(
    { _id: userId, 'canceledDuplicates.stripeSubscriptionId': { $ne: id } },
    { $push: { canceledDuplicates: { $each: [duplicate], $slice: -KEPT_MAX } } },
  )
}
