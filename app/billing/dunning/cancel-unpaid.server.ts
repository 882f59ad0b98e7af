import type { User } from '#models/user.server.ts'
import { sum } from '../../sum.ts'
import { CardDeclined, PaymentOwed } from '../errors.ts'
import { recordPaidInvoice } from '../invoices/record-paid-invoice.server.ts'
import { creditsOfLines } from '../line-items/sold-lines.server.ts'
import { type CancelFeedback, endNow, letRunOut, markAtStripe } from '../plan-changes/cancel.server.ts'
import { releaseSchedule } from '../plan-changes/schedule.server.ts'
import { callStripe, isRefused, unlessRefused } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import type { StripeSubscription } from '../stripe/objects/subscription.ts'
import { needsConfirmation, retrieveInvoice } from '../stripe/retrieve-invoice.server.ts'
import { retrieveSubscription } from '../stripe/retrieve-subscription.server.ts'
import { type Owed, owedFor } from '../subscriptions/amount-due.server.ts'
import { requireLiveSubscription } from '../subscriptions/live-subscription.server.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { markFor, voidedUnpaid } from '../subscriptions/unpaid-mark.server.ts'

/*
 * Canceling while a payment is open. Canceling at period end would not stop the payment, so there are two ways: pay and
 * keep the period, or end the plan now and void the invoices.
 */

/** The open payment of a plan, and what paying it buys. */
export interface OpenPayment {
  /** In minor units. */
  amount: number
  currency: string
  /** Credits of all its invoices; null if unknown. */
  credits: number | null
  /** When its period ends; null while the plan is paused. */
  periodEnd: Date | null
}

/**
 * The open payment of a user's plan, or null.
 * @throws NoSubscription, StripeUnavailable
 */
export function openPaymentOf(user: Pick<User, '_id'>): Promise<OpenPayment | null> {
  return withDeadline(async () => {
    const { subscription, currentPeriodEnd } = await requireLiveSubscription(user)
    const owed = await owedFor(subscription)
    if (!owed) return null
    const { amount, currency } = owed
    const periodEnd = subscription.status === 'paused' ? null : currentPeriodEnd
    return { amount, currency, credits: await creditsOf(owed), periodEnd }
  })
}

async function creditsOf({ invoices }: Owed): Promise<number | null> {
  const each = await Promise.all(invoices.map(({ lines }) => creditsOfLines(lines)))
  const known = each.filter((bought) => bought !== null)
  return known.length < each.length ? null : sum(known.map(({ credits }) => Math.max(0, credits)))
}

export type CancelUnpaid =
  /** The plan has ended; nothing was charged. */
  | { state: 'ended' }
  /** The payment came first, or its bank has it already: the plan runs out with its period. */
  | { state: 'too-late' }

/**
 * Ends a plan at once and voids its open invoices: nothing is charged, and no credits of that period are granted.
 *
 * The request is stored in Stripe before any invoice is voided: if the process dies in between, the event of the voided
 * invoice ends the plan. An invoice that was paid meanwhile cannot be voided; its period is then kept.
 * @throws NoSubscription, StripeUnavailable
 */
export function cancelUnpaid(
  user: Pick<User, '_id'>,
  { feedback = null }: { feedback?: CancelFeedback | null } = {},
): Promise<CancelUnpaid> {
  return withDeadline(async () => {
    const running = await requireLiveSubscription(user)
    const { subscription } = running
    await releaseSchedule(subscription)
    const owed = await owedFor(subscription)
    const isOver = owed
      ? await markAndVoid(subscription, owed)
      : // Another request may have voided it a moment ago.
        (await voidedUnpaid(subscription)) !== null
    if (isOver) await endNow(subscription.id, feedback)
    else await letRunOut(running, feedback)
    await syncSubscriptions(user._id)
    return { state: isOver ? 'ended' : 'too-late' }
  })
}

/** @returns whether the current period's invoice is void */
async function markAndVoid({ id }: StripeSubscription, owed: Owed): Promise<boolean> {
  await markAtStripe(id, markFor(owed))
  const { invoices } = owed
  for (const invoice of invoices) {
    // A draft cannot be voided, and must not be collected when it is finalized.
    if (invoice.isComing) {
      await unlessRefused(callStripe((stripe) => stripe.invoices.finalizeInvoice(invoice.id, { auto_advance: false })))
    }
    await unlessRefused(callStripe((stripe) => stripe.invoices.voidInvoice(invoice.id)))
  }
  const newest = await retrieveInvoice(invoices[0].id)
  if (newest?.isPaid) await recordPaidInvoice(newest.id)
  return newest?.isVoid ?? true
}

/**
 * Completes {@link cancelUnpaid} if its process died after voiding the invoice.
 * @param subscriptionId of an invoice that was voided
 */
export async function finishCancelUnpaid(subscriptionId: string | null): Promise<void> {
  const subscription = await retrieveSubscription(subscriptionId)
  if (subscription && (await voidedUnpaid(subscription))) await endNow(subscription.id, null)
}

export type PayAndCancel =
  /** It is paid, and ends with its period. */
  | { state: 'ending' }
  /** It ends with its period; the customer pays on Stripe's page, where the bank confirms it. */
  | { state: 'payment-needed'; url: string | null }

const DECLINED = 'Your card was declined. Use another card and try again, or cancel without paying.'

/**
 * Pays the open invoices of a plan and cancels it at period end.
 * @param options `nonce`: of the form, so that a double click pays once; `amount`: in minor units, as it was shown
 * @throws PaymentOwed when another amount is owed than was shown; NoSubscription, CardDeclined, StripeUnavailable
 */
export function payAndCancel(
  user: Pick<User, '_id'>,
  { nonce, amount, feedback = null }: { nonce: string; amount: number; feedback?: CancelFeedback | null },
): Promise<PayAndCancel> {
  return withDeadline(async () => {
    const running = await requireLiveSubscription(user)
    const { subscription } = running
    const owed = await owedFor(subscription)
    if (owed && owed.amount > amount) throw new PaymentOwed(owed.amount, owed.currency)
    // Oldest first, as Stripe does.
    const unpaid = owed && (await firstUnpaid(owed.invoices.toReversed(), nonce))
    await releaseSchedule(subscription)
    await letRunOut(running, feedback)
    await syncSubscriptions(user._id)
    return unpaid ? { state: 'payment-needed', url: unpaid.hostedInvoiceUrl } : { state: 'ending' }
  })
}

/** @returns the invoice that cannot be paid from here */
async function firstUnpaid(invoices: Owed['invoices'][number][], nonce: string) {
  for (const { id } of invoices) {
    const idempotencyKey = `pay-and-cancel:${id}:${nonce}`
    try {
      await callStripe((stripe) => stripe.invoices.pay(id, {}, { idempotencyKey }))
    } catch (error) {
      if (!(error instanceof CardDeclined) && !isRefused(error)) throw error
      if (error instanceof CardDeclined && !(await needsConfirmation(id))) throw new CardDeclined(DECLINED)
    }
    const after = await retrieveInvoice(id)
    if (after?.isPaid) await recordPaidInvoice(id)
    else if (after && !after.isVoid) return after
  }
  return null
}
