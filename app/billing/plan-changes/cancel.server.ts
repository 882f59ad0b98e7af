import { randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { EndSetByShop, NoSubscription, PaymentOwed } from '../errors.ts'
import { callStripe, isRefused, unlessRefused } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { owedFor } from '../subscriptions/amount-due.server.ts'
import { type LiveSubscription, requireLiveSubscription } from '../subscriptions/live-subscription.server.ts'
import { endsByShop } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { releaseSchedule } from './schedule.server.ts'

export type CancelFeedback = 'too_expensive' | 'unused' | 'missing_features' | 'switched_service' | 'other'

/**
 * Cancels a plan at period end. The credits stay.
 * @param options `feedback`: why, in Stripe's own words
 * @returns the user as stored afterwards
 * @throws PaymentOwed while something is still collected for it, see `dunning/cancel-unpaid.server.ts`; NoSubscription,
 * StripeUnavailable
 */
export function cancelAtPeriodEnd(
  user: Pick<User, '_id'>,
  { feedback = null }: { feedback?: CancelFeedback | null } = {},
): Promise<User> {
  return withDeadline(async () => {
    const running = await requireLiveSubscription(user)
    const { subscription } = running
    const owed = await owedFor(subscription)
    if (owed) throw new PaymentOwed(owed.amount, owed.currency)
    await releaseSchedule(subscription)
    // A paused subscription has no period to end.
    if (subscription.status === 'paused') await endNow(subscription.id, feedback)
    else await letRunOut(running, feedback)
    return syncSubscriptions(user._id)
  })
}

/**
 * Undoes a cancellation while the plan is still active.
 * @returns the user as stored afterwards
 * @throws NoSubscription, EndSetByShop, StripeUnavailable
 */
export function undoCancellation(user: Pick<User, '_id'>): Promise<User> {
  return withDeadline(async () => {
    const running = await requireLiveSubscription(user)
    if (running.cancelAtPeriodEnd) await resume(running)
    return syncSubscriptions(user._id)
  })
}

/** Metadata key for the end date set by the operator, while an earlier cancellation by the customer replaces it. */
const SHOPS_END = 'cancel_at_before'

/** When a subscription ends if its cancellation is undone: on the operator's date, or null for never. */
export function endWithoutCancellation({ subscription, ...term }: LiveSubscription): Date | null {
  const { hasCancelFlag, metadata } = subscription
  if (!term.cancelAtPeriodEnd || (!hasCancelFlag && endsByShop(term))) return term.cancelAt
  const before = new Date(Number(metadata[SHOPS_END] ?? 0) * 1000)
  return before > now() ? before : null
}

/**
 * Removes the customer's cancellation from a subscription that was just read. The portal may have set a date instead of
 * the flag; a later end date set by the operator applies again.
 * @throws EndSetByShop where it is the shop that ends it
 */
export async function resume(running: LiveSubscription): Promise<void> {
  const { id, hasCancelFlag } = running.subscription
  if (!hasCancelFlag && endsByShop(running)) throw new EndSetByShop()
  const end = endWithoutCancellation(running)
  if (end) await change(id, { cancel_at: seconds(end), metadata: { [SHOPS_END]: '' } })
  else await change(id, hasCancelFlag ? { cancel_at_period_end: false } : { cancel_at: '' })
}

/** Ends renewal; the plan stays until its period ends. */
export async function letRunOut(
  { subscription, currentPeriodEnd, cancelAtPeriodEnd, cancelAt }: LiveSubscription,
  feedback: CancelFeedback | null,
): Promise<void> {
  // The flag would end it with an add-on's shorter period.
  const isShorter = currentPeriodEnd && subscription.periodEnd && subscription.periodEnd < currentPeriodEnd
  await change(subscription.id, {
    ...(isShorter ? { cancel_at: seconds(currentPeriodEnd) } : { cancel_at_period_end: true }),
    ...(feedback && { cancellation_details: { feedback } }),
    ...(cancelAt && !cancelAtPeriodEnd && { metadata: { [SHOPS_END]: String(seconds(cancelAt)) } }),
  })
}

const seconds = (date: Date): number => Math.floor(date.getTime() / 1000)

/** Writes metadata to a subscription in Stripe. */
export const markAtStripe = (id: string, metadata: Record<string, string>): Promise<void> => change(id, { metadata })

/** Ends a plan at once, without a refund of unused time. */
export async function endNow(id: string, feedback: CancelFeedback | null): Promise<void> {
  const params = feedback ? { cancellation_details: { feedback } } : {}
  // It may have ended a moment ago.
  await unlessRefused(callStripe((stripe) => stripe.subscriptions.cancel(id, params)))
}

async function change(
  id: string,
  params: {
    cancel_at_period_end?: boolean
    cancel_at?: '' | number
    cancellation_details?: { feedback: CancelFeedback }
    metadata?: Record<string, string>
  },
): Promise<void> {
  try {
    await callStripe((stripe) => stripe.subscriptions.update(id, params, { idempotencyKey: randomUUID() }))
  } catch (error) {
    // It ended a moment ago.
    if (isRefused(error)) throw new NoSubscription()
    throw error
  }
}
