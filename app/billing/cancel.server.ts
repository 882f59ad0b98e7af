import { randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { NoSubscription, PaymentOwed } from './errors.ts'
import { owedFor } from './owed.server.ts'
import { whileSomebodyWaits } from './patience.server.ts'
import { findRunning } from './running-subscription.server.ts'
import { releaseSchedule } from './scheduled-change.server.ts'
import { callStripe, isRefused } from './stripe.server.ts'
import { syncSubscriptions } from './subscription.server.ts'

export type CancelFeedback = 'too_expensive' | 'unused' | 'missing_features' | 'switched_service' | 'other'

/**
 * Lets a plan run out: it stays until the end of the period that is paid, and the credits stay for good.
 * @param options `feedback`: why, in Stripe's own words
 * @returns the user as stored afterwards
 * @throws PaymentOwed while something is still collected for it, see `cancel-owed.server.ts`; NoSubscription,
 * StripeUnavailable
 */
export function cancelAtPeriodEnd(
  user: Pick<User, '_id'>,
  { feedback = null }: { feedback?: CancelFeedback | null } = {},
): Promise<User> {
  return whileSomebodyWaits(() => cancel(user, feedback))
}

async function cancel(user: Pick<User, '_id'>, feedback: CancelFeedback | null): Promise<User> {
  const { subscription } = await findRunning(user)
  const owed = await owedFor(subscription)
  if (owed) throw new PaymentOwed(owed.amount, owed.currency)
  await releaseSchedule(subscription)
  // A paused one has no period that would end.
  if (subscription.status === 'paused') await endNow(subscription.id, feedback)
  else await letRunOut(subscription.id, { feedback })
  return syncSubscriptions(user._id)
}

/**
 * Takes a cancellation back while the plan still runs.
 * @returns the user as stored afterwards
 * @throws NoSubscription, StripeUnavailable
 */
export function resumeSubscription(user: Pick<User, '_id'>): Promise<User> {
  return whileSomebodyWaits(async () => {
    const { subscription, cancelAtPeriodEnd } = await findRunning(user)
    if (cancelAtPeriodEnd) await resume(subscription)
    return syncSubscriptions(user._id)
  })
}

/** Takes the cancellation off a subscription that was just read; the portal may have set a date instead of the flag. */
export async function resume({ id, hasCancelFlag }: { id: string; hasCancelFlag: boolean }): Promise<void> {
  await change(id, hasCancelFlag ? { cancel_at_period_end: false } : { cancel_at: '' })
}

/** Nothing renews any more; the plan stays until its period ends. */
export async function letRunOut(id: string, { feedback }: { feedback: CancelFeedback | null }): Promise<void> {
  await change(id, { cancel_at_period_end: true, ...(feedback && { cancellation_details: { feedback } }) })
}

/** Notes something on a subscription at Stripe. */
export async function markAtStripe(id: string, metadata: Record<string, string>): Promise<void> {
  await change(id, { metadata })
}

/** Ends a plan at once; its time is not given back. */
export async function endNow(id: string, feedback: CancelFeedback | null): Promise<void> {
  try {
    const params = feedback ? { cancellation_details: { feedback } } : {}
    await callStripe((stripe) => stripe.subscriptions.cancel(id, params))
  } catch (error) {
    // It ended a moment ago.
    if (!isRefused(error)) throw error
  }
}

async function change(
  id: string,
  params: {
    cancel_at_period_end?: boolean
    cancel_at?: ''
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
