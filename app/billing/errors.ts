import { DomainError } from '../domain-error.ts'
import { formatMoney } from '../format.ts'
import type { Feature } from './plans.ts'

/** There is no plan of that name that can be bought for that interval. */
export class PlanNotFound extends DomainError {
  readonly code = 'plan_not_found'
  constructor() {
    super('This plan does not exist or is not for sale.')
  }
}

/** There is no credit pack with that id. */
export class PackNotFound extends DomainError {
  readonly code = 'pack_not_found'
  constructor() {
    super('This credit pack does not exist.')
  }
}

/** A credit pack is not sold while its buyer could not spend it and cannot end that. */
export class PackNotSpendable extends DomainError {
  readonly code = 'pack_not_spendable'
  /** @param reason why spending is paused */
  constructor(reason: string) {
    super(
      reason === 'dispute'
        ? 'You cannot buy credits while a payment is disputed, because you could not spend them. If the dispute was a mistake, contact your bank. Spending resumes once it decides.'
        : 'You cannot buy credits while we check your account, because you could not spend them.',
      { reason },
    )
  }
}

/** It is on sale, and Stripe has no price for it now: the shop's mistake, and nothing that the buyer can mend. */
export class OfferUnavailable extends DomainError {
  readonly code = 'offer_unavailable'
  /** @param cause what Stripe said, for the log */
  constructor(cause?: unknown) {
    super('This cannot be bought right now. Nothing was charged; please try again later.')
    this.cause = cause
  }
}

/** A second subscription must not be bought beside a live one: the plan is changed instead. */
export class AlreadySubscribed extends DomainError {
  readonly code = 'already_subscribed'
  /** @param plan the plan that runs */
  constructor(plan: string) {
    super(`You already have the ${plan} plan. Change it under Billing.`, { plan })
  }
}

/** What was asked for is part of a larger plan. */
export class PlanTooSmall extends DomainError {
  readonly code = 'plan_too_small'
  /**
   * @param plan the plan that the user has
   * @param required the smallest that has it
   */
  constructor(
    plan: string,
    readonly required: string,
  ) {
    super(`This is part of ${required} and larger plans.`, { plan, required })
  }
}

/** What was asked for needs a subscription that is running. */
export class NoSubscription extends DomainError {
  readonly code = 'no_subscription'
  constructor(message = 'You have no subscription to change.') {
    super(message)
  }
}

/** Letting the plan run out would not stop a payment that is still collected. */
export class PaymentOwed extends DomainError {
  readonly code = 'payment_owed'
  /**
   * @param amount in minor units
   * @param currency of the amount
   */
  constructor(amount: number, currency: string) {
    super(
      `A payment of ${formatMoney(amount, currency)} is still open. Choose whether to pay it or to cancel without paying.`,
      { amount, currency },
    )
  }
}

/** The shop has set the day on which the plan ends. */
export class EndSetByShop extends DomainError {
  readonly code = 'end_set_by_shop'
  constructor() {
    super('We set the end date of your plan, so you cannot change it here. Contact us to keep your plan.')
  }
}

/** The shop has planned more than one change: a change of the customer's would take the place of all of them. */
export class ChangesSetByShop extends DomainError {
  readonly code = 'changes_set_by_shop'
  constructor() {
    super(
      'Several changes to your plan are already scheduled. Contact support to change it, so that they are not lost.',
    )
  }
}

/** All of a subscription is paid by one interval, and something beside the plan is paid by another one than was chosen. */
export class IntervalsDiffer extends DomainError {
  readonly code = 'intervals_differ'
  /**
   * @param others names of what else the subscription has
   * @param adverb how that is paid: "monthly"
   * @param wanted how the plan would be paid
   */
  constructor(others: string[], adverb: string, wanted: string) {
    const names = others.length > 0 ? new Intl.ListFormat('en').format(others) : 'an add-on'
    super(
      `Your subscription also has ${names}, paid ${adverb}. A plan that is paid ${wanted} cannot be combined with that. Nothing has changed.`,
      { others },
    )
  }
}

/** The plan has what was asked for, and rests until there is a card: credits can be spent meanwhile. */
export class PlanPaused extends DomainError {
  readonly code = 'plan_paused'
  /** @param plan the plan that rests */
  constructor(plan: string) {
    super(`${plan} is paused until you add a card and resume it. You can still spend your credits.`, { plan })
  }
}

/** The plan does not have the feature that is needed. */
export class FeatureNotInPlan extends DomainError {
  readonly code = 'feature_not_in_plan'
  /**
   * @param feature what is lacking
   * @param title what was asked for
   * @param plan name of the plan that the user has
   * @param plans names of the plans that have it
   */
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

/** The card was refused, or asks for its owner. */
export class CardDeclined extends DomainError {
  readonly code = 'card_declined'
}

/** Stripe did not answer, or not in a way that tells what happened. The same request is safe to repeat. */
export class StripeUnavailable extends DomainError {
  readonly code = 'stripe_unavailable'
  readonly retryAfterSeconds = 5
  /** @param cause what the client library threw */
  constructor(cause?: unknown) {
    super('The payment service is not responding. Try again in a moment; nothing is charged twice.')
    this.cause = cause
  }
}

/** The body was not signed by Stripe with one of our secrets, or too long ago. */
export class InvalidSignature extends DomainError {
  readonly code = 'invalid_signature'
  constructor() {
    super('The signature does not match the body.')
  }
}

/** How many credits an invoice buys cannot be said without guessing, so nobody guesses. No caller ever sees this one. */
export class CreditsNotComputable extends Error {
  override readonly name = 'CreditsNotComputable'
}

/** The object carries our tag but its user or its money is not known here yet: the event has to come again. */
export class NotReadyYet extends Error {
  override readonly name = 'NotReadyYet'
}

/** Trying again will not help: somebody has to add what is missing, here or at Stripe. */
export const needsHuman = (error: unknown): boolean =>
  error instanceof CreditsNotComputable || error instanceof NotReadyYet
