import type { Types } from 'mongoose'
import { type Notification, NotificationModel } from '#models/notification.server.ts'
import type { User } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { AccountNotFound } from '../../credits/errors.ts'
import { type Loss, lossesAhead } from '../../credits/losses.ts'
import { isNews } from '../../notifications/news.ts'
import { notify } from '../../notifications/outbox.server.ts'
import type { StripeInvoice } from '../stripe/objects/invoice.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { needsConfirmation } from '../stripe/retrieve-invoice.server.ts'
import { owedFor } from './amount-due.server.ts'
import { planItemOf } from './plan-item.server.ts'
import { isAtTrialsEnd, isOverdue } from './subscription-state.ts'
import { voidedUnpaid } from './unpaid-mark.server.ts'

/*
 * Mails about a plan. They are queued before the change is stored: a crash in between queues them again under the same
 * key, and no stored change goes unreported.
 */

type Stored = NonNullable<User['subscription']>

/** A change of the stored subscription; both are the same subscription, or `next` has none. */
interface Change {
  before: User
  next: Omit<Stored, 'version'>
  /** In Stripe: the current one, or the one that ended. */
  subscription: StripeSubscription | null
}

/** Notifies the user about a change of the subscription, where it matters. */
export async function notifySubscriptionChange({ before, next, subscription }: Change): Promise<void> {
  const { _id: userId, subscription: stored } = before
  const storedId = stored?.stripeSubscriptionId ?? null
  const endedId = storedId ?? next.endedSubscriptionId ?? null
  if (endedId && !next.stripeSubscriptionId) {
    const plan = storedId ? stored?.plan : subscription && (await planItemOf(subscription))?.plan.name
    const endedAt = subscription?.endedAt ?? now()
    if (!plan || !isNews(endedAt, now())) return
    const data = {
      plan,
      endedAt,
      reason: next.endedReason ?? 'cancellation_requested',
      voided: subscription && (await voidedUnpaid(subscription)),
      losses: await lossesWithoutPlan(userId),
    }
    await notify({ kind: 'subscription_ended', userId, key: endedId, data })
    return
  }
  const id = next.stripeSubscriptionId
  if (!id || !subscription) return
  const known = storedId === id ? stored : null
  const { trialEnd } = subscription
  // A subscription first seen paused is news only if its trial ended recently.
  const isRecent = known !== null || (trialEnd !== null && isNews(trialEnd, now()))
  if (next.status === 'paused' && known?.status !== 'paused' && isRecent) await notifyPaused(userId, next, subscription)
  if (next.cancelAtPeriodEnd && !known?.cancelAtPeriodEnd) await notifyCanceled(userId, next, subscription)
  if (!next.cancelAtPeriodEnd && known?.cancelAtPeriodEnd) await notifyUndone(userId, next, known)
  else if (known?.status === 'paused' && (next.status === 'active' || next.status === 'trialing')) {
    await notifyResumed(userId, next, `${id}:${known.version}`)
  }
}

/** The credits that will expire although no period renews. */
async function lossesWithoutPlan(userId: Types.ObjectId): Promise<Loss[]> {
  try {
    return lossesAhead(await getBalance(userId), { now: now(), renewsAt: null })
  } catch (error) {
    // Without an account there are no credits, but the end of a plan is still reported.
    if (error instanceof AccountNotFound) return []
    throw error
  }
}

/** Each cancellation is one cause: canceling again after undoing it is reported again. */
async function notifyCanceled(userId: Types.ObjectId, next: Change['next'], subscription: StripeSubscription) {
  const { id, canceledAt, cancelAt } = subscription
  const worksUntil = cancelAt ?? next.currentPeriodEnd
  if (!worksUntil) return
  const decidedAt = Math.floor((canceledAt ?? worksUntil).getTime() / 1000)
  const key = `${id}:${decidedAt}`
  const owed = isOverdue(next.status) ? await owedFor(subscription) : null
  const data = {
    ...{ plan: next.plan, worksUntil, owed: owed && { amount: owed.amount, currency: owed.currency } },
    next: paymentOf(next),
    losses: await lossesWithoutPlan(userId),
  }
  await notify({ kind: 'subscription_canceled', userId, key, data })
}

/** Each pause follows an invoice of its own, which is the key. */
async function notifyPaused(
  userId: Types.ObjectId,
  { plan, ...next }: Change['next'],
  subscription: StripeSubscription,
) {
  const { id, latestInvoiceId, trialEnd } = subscription
  const price = priceOf(next)
  const trialEndedAt = isAtTrialsEnd(next) ? trialEnd : null
  const key = `${id}:${latestInvoiceId ?? 'none'}`
  const data = { plan, trialEndedAt, price, losses: await lossesWithoutPlan(userId) }
  await notify({ kind: 'subscription_paused', userId, key, data })
}

/** A cancellation can be undone once, so its mail is the key; two processes use the same one. */
async function notifyUndone(userId: Types.ObjectId, next: Change['next'], known: Stored): Promise<void> {
  const prefix = `subscription_canceled:${next.stripeSubscriptionId}:`
  const notified = await NotificationModel.findOne({
    userId,
    kind: 'subscription_canceled',
    _id: { $gte: prefix, $lt: `${prefix}~` },
  })
    .sort({ createdAt: -1, _id: -1 })
    .select({ _id: 1 })
    .lean<Pick<Notification, '_id'>>()
  const cause = notified
    ? notified._id.slice('subscription_canceled:'.length)
    : `${next.stripeSubscriptionId}:${known.version}`
  await notifyResumed(userId, next, cause)
}

async function notifyResumed(userId: Types.ObjectId, next: Change['next'], key: string): Promise<void> {
  await notify({ kind: 'subscription_resumed', userId, key, data: { plan: next.plan, next: paymentOf(next) } })
}

const paymentOf = ({ nextPayment }: Change['next']) =>
  nextPayment ? { ...sumOf(nextPayment), at: nextPayment.at } : null

/**
 * Notifies about an invoice that could not be collected, by its current state: the bank asks for confirmation, or the
 * card was declined. A first payment is made on Stripe's page, which reports failures itself.
 * @param options `isConfirmationAsked`: known from an event, where Stripe cannot be asked
 * @returns what the customer was asked for, or null
 */
export async function notifyUnpaid(
  { _id: userId, subscription }: User,
  invoice: StripeInvoice,
  { isConfirmationAsked = false }: { isConfirmationAsked?: boolean } = {},
): Promise<'confirmation' | 'card' | null> {
  const invoiceId = invoice.id
  if (!invoice.isOpen || invoice.billingReason === 'subscription_create' || !subscription) return null
  if (invoice.subscriptionId !== subscription.stripeSubscriptionId) return null
  const { amountLeft: amount, currency } = invoice
  const { plan, status, gracePeriodEnd } = subscription
  if (isConfirmationAsked || (await needsConfirmation(invoiceId))) {
    const confirmUrl = invoice.hostedInvoiceUrl
    await notify({ kind: 'action_required', userId, key: invoiceId, data: { amount, currency, plan, confirmUrl } })
    return 'confirmation'
  }
  if (!isOverdue(status) || !gracePeriodEnd) return null
  const data = { amount, currency, plan, failedAt: now(), graceEndsAt: gracePeriodEnd }
  await notify({ kind: 'payment_failed', userId, key: invoiceId, data })
  return 'card'
}

/** A trial will soon convert to a paid plan; a canceled one will not. */
export async function notifyTrialEnding({ _id: userId, subscription }: User): Promise<void> {
  if (subscription?.status !== 'trialing' || subscription.isFreeTime || subscription.cancelAtPeriodEnd) return
  const { stripeSubscriptionId: id, trialEnd, plan, nextPayment } = subscription
  if (!id || !trialEnd || trialEnd <= now()) return
  const key = `${id}:${Math.floor(trialEnd.getTime() / 1000)}`
  const next = nextPayment ? { ...sumOf(nextPayment), credits: nextPayment.credits } : null
  const data = { plan, trialEndsAt: trialEnd, next, price: priceOf(subscription) }
  await notify({ kind: 'trial_ending', userId, key, data })
}

const sumOf = ({ amount, currency, isExact }: NonNullable<Stored['nextPayment']>) => ({ amount, currency, isExact })

function priceOf({ price }: Pick<Stored, 'price'>) {
  if (!price) return null
  const { amount, currency, interval, intervalCount, isExact } = price
  return { amount, currency, interval, intervalCount, isExact }
}
