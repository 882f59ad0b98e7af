import { DomainError } from '../domain-error.ts'
import { formatMoney } from '../format.ts'
import type { Feature } from './plans.ts'

/** No plan of that name is for sale with that interval. */
export class PlanNotFound extends DomainError {
  readonly code = 'plan_not_found'
  constructor() {
    super('This plan does not exist or is not for sale.')
  }
}

/** No credit pack has that ID. */
export class PackNotFound extends DomainError {
  readonly code = 'pack_not_found'
  constructor() {
    super('This credit pack does not exist.')
  }
}

/** The buyer could not spend the pack's credits and cannot end the pause. */
export class PackNotSpendable extends DomainError {
  readonly code = 'pack_not_spendable'
  constructor(reason: string) {
    super(
      reason === 'dispute'
        ? 'You cannot buy credits while a payment is disputed, because you could not spend them. If the dispute was a mistake, contact your bank. Spending resumes once it decides.'
        : 'You cannot buy credits while we check your account, because you could not spend them.',
      { reason },
    )
  }
}

/** For sale, but Stripe has no price for it: a configuration error that the buyer cannot fix. */
export class OfferUnavailable extends DomainError {
  readonly code = 'offer_unavailable'
  constructor(cause?: unknown) {
    super('This cannot be bought right now. Nothing was charged; please try again later.')
    this.cause = cause
  }
}

/** The user has a live subscription: the plan must be changed instead of bought again. */
export class AlreadySubscribed extends DomainError {
  readonly code = 'already_subscribed'
  constructor(plan: string) {
    super(`You already have the ${plan} plan. Change it under Billing.`, { plan })
  }
}

/** The request needs a larger plan. */
export class PlanTooSmall extends DomainError {
  readonly code = 'plan_too_small'
  constructor(
    plan: string,
    readonly required: string,
  ) {
    super(`This is part of ${required} and larger plans.`, { plan, required })
  }
}

/** The request needs a live subscription. */
export class NoSubscription extends DomainError {
  readonly code = 'no_subscription'
  constructor(message = 'You have no subscription to change.') {
    super(message)
  }
}

/** Canceling at period end would not stop a payment that is still being collected. */
export class PaymentOwed extends DomainError {
  readonly code = 'payment_owed'
  /** @param amount in minor units */
  constructor(amount: number, currency: string) {
    super(
      `A payment of ${formatMoney(amount, currency)} is still open. Choose whether to pay it or to cancel without paying.`,
      { amount, currency },
    )
  }
}

/** The operator has set the day on which the plan ends. */
export class EndSetByShop extends DomainError {
  readonly code = 'end_set_by_shop'
  constructor() {
    super('We set the end date of your plan, so you cannot change it here. Contact us to keep your plan.')
  }
}

/** The operator has scheduled several changes, which a change by the customer would replace. */
export class ChangesSetByShop extends DomainError {
  readonly code = 'changes_set_by_shop'
  constructor() {
    super(
      'Several changes to your plan are already scheduled. Contact support to change it, so that they are not lost.',
    )
  }
}

/** All items of a classic subscription share one interval, and an add-on has another one than was chosen. */
export class IntervalsDiffer extends DomainError {
  readonly code = 'intervals_differ'
  /**
   * @param others names of what else the subscription has
   * @param adverb how that is paid, as `wanted` says how the plan would be: "monthly"
   */
  constructor(others: string[], adverb: string, wanted: string) {
    const names = others.length > 0 ? new Intl.ListFormat('en').format(others) : 'an add-on'
    super(
      `Your subscription also has ${names}, paid ${adverb}. A plan that is paid ${wanted} cannot be combined with that. Nothing has changed.`,
      { others },
    )
  }
}

/** The plan includes it, but is paused until there is a card; credits can still be spent. */
export class PlanPaused extends DomainError {
  readonly code = 'plan_paused'
  constructor(plan: string) {
    super(`${plan} is paused until you add a card and resume it. You can still spend your credits.`, { plan })
  }
}

/** The plan lacks the feature. */
export class FeatureNotInPlan extends DomainError {
  readonly code = 'feature_not_in_plan'
  /** @param plans those that have it */
  constructor(
    readonly feature: Feature,
    title: string,
    plan: string,
    plans: string[],
  ) {
    super(
      plans.length
        ? `${title} is part of ${new Intl.ListFormat('en').format(plans)}.`
        : `${title} is not part of any plan.`,
      { feature, plan, plans },
    )
  }
}

/** The card was declined, or needs the cardholder's confirmation. */
export class CardDeclined extends DomainError {
  readonly code = 'card_declined'
}

/** Stripe did not answer, or the outcome is unknown. The same request is safe to repeat. */
export class StripeUnavailable extends DomainError {
  readonly code = 'stripe_unavailable'
  readonly retryAfterSeconds = 5
  constructor(cause?: unknown) {
    super('The payment service is not responding. Try again in a moment; nothing is charged twice.')
    this.cause = cause
  }
}

/** The body was not signed with one of our secrets, or too long ago. */
export class InvalidSignature extends DomainError {
  readonly code = 'invalid_signature'
  constructor() {
    super('The signature does not match the body.')
  }
}

/** An invoice's credits cannot be determined, so none are granted. Never shown to callers. */
export class CreditsNotComputable extends Error {
  override readonly name = 'CreditsNotComputable'
}

/** The object carries our tag but its user or its payment is not known yet: the event must be retried. */
export class NotReadyYet extends Error {
  override readonly name = 'NotReadyYet'
}

/** A retry will not help: someone has to add what is missing, here or in Stripe. */
export const needsHuman = (error: unknown): boolean =>
  error instanceof CreditsNotComputable || error instanceof NotReadyYet
