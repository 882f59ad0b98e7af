import type { StripeSubscription, StripeSubscriptionItem } from '../stripe/objects/subscription.ts'

/** Statuses in which a subscription runs or can run again: a second one must not be bought. */
const LIVE: readonly string[] = ['active', 'trialing', 'past_due', 'unpaid', 'paused']
const ENDED: readonly string[] = ['canceled', 'incomplete_expired']

/** Active, or waiting for a payment. `incomplete` is not live: its first payment never succeeded. */
export const isLive = (status: string): boolean => LIVE.includes(status)

/** Ended for good. */
export const isEnded = (status: string): boolean => ENDED.includes(status)

/** A payment is overdue. */
export const isOverdue = (status: string): boolean => status === 'past_due' || status === 'unpaid'

/** The user's stored subscription is live. */
export const hasLiveSubscription = (
  subscription: { stripeSubscriptionId?: string | null; status: string } | null | undefined,
): boolean => Boolean(subscription?.stripeSubscriptionId) && isLive(subscription?.status ?? '')

const RANKS: Record<string, number> = { active: 0, trialing: 1, past_due: 2, paused: 3, unpaid: 4 }

/**
 * Orders live subscriptions, the one to keep first: paid before unpaid, then the newest. Of two created in the same
 * second, the one that Stripe lists first is newer and stays first, so two processes decide alike.
 */
export function byPrecedence(one: StripeSubscription, other: StripeSubscription): number {
  return (RANKS[one.status] ?? 9) - (RANKS[other.status] ?? 9) || other.createdAt.getTime() - one.createdAt.getTime()
}

/** Why a subscription ended, as stored: Stripe's own reason, or `payment_failed` if the first payment never came. */
export const endedReasonOf = ({ status, cancellationReason }: StripeSubscription): string =>
  status === 'incomplete_expired' ? 'payment_failed' : (cancellationReason ?? 'cancellation_requested')

/** When spending stops after a failed payment: set once, and kept while the payment is overdue. */
export function gracePeriodEnd(
  status: string,
  { known, at, days }: { known: Date | null; at: Date; days: number },
): Date | null {
  if (!isOverdue(status)) return null
  return known ?? new Date(at.getTime() + days * 24 * 60 * 60 * 1000)
}

/** Nothing beyond the trial was sold: the current or last period is the trial. */
export const isAtTrialsEnd = (of: { trialEnd?: Date | null; currentPeriodEnd?: Date | null }): boolean =>
  Boolean(of.trialEnd && of.currentPeriodEnd && of.trialEnd >= of.currentPeriodEnd)

/** Until when a plan is paid, and whether it ends then. */
export interface Term {
  currentPeriodStart: Date | null
  currentPeriodEnd: Date | null
  /** It ends with or within this period: no renewal. */
  cancelAtPeriodEnd: boolean
  /** Its end date, in this period or later. */
  cancelAt: Date | null
}

/**
 * The term of a subscription's plan.
 * @param item the plan's; without one, the dates of the whole subscription apply
 */
export function termOf(
  { hasCancelFlag, cancelAt, periodStart, periodEnd }: StripeSubscription,
  item: Pick<StripeSubscriptionItem, 'periodStart' | 'periodEnd'> | null,
): Term {
  const currentPeriodEnd = item ? item.periodEnd : periodEnd
  return {
    currentPeriodStart: item ? item.periodStart : periodStart,
    currentPeriodEnd,
    cancelAtPeriodEnd:
      hasCancelFlag || (cancelAt !== null && (currentPeriodEnd === null || cancelAt <= currentPeriodEnd)),
    cancelAt: cancelAt ?? (hasCancelFlag ? periodEnd : null),
  }
}

/** Its end date was set by the operator; the customer cannot undo it. */
export const endsByShop = ({ cancelAt, currentPeriodEnd }: Partial<Pick<Term, 'cancelAt' | 'currentPeriodEnd'>>) =>
  Boolean(cancelAt && currentPeriodEnd && cancelAt.getTime() !== currentPeriodEnd.getTime())
