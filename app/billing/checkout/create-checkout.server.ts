import type { User } from '#models/user.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { requireConfirmedEmail } from '../../email-confirmation/require-confirmed-email.server.ts'
import { logger } from '../../log.server.ts'
import type { Offer } from '../catalog/offers.ts'
import { forgetPrices, priceIdOf } from '../catalog/prices.server.ts'
import { ensureCustomer } from '../customers/stripe-customer.server.ts'
import { readUser } from '../customers/users.server.ts'
import {
  AlreadySubscribed,
  OfferUnavailable,
  PackNotFound,
  PackNotSpendable,
  PlanNotFound,
  StripeUnavailable,
} from '../errors.ts'
import { findPack, findPlan, type Interval } from '../plans.ts'
import { isRefused } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import type { StripeSession } from '../stripe/objects/checkout-session.ts'
import { subscriptionsOfCustomer } from '../subscriptions/list-subscriptions.server.ts'
import { hasLiveSubscription, isLive } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { bindKey } from './checkout-key.server.ts'
import { openSession } from './checkout-session.server.ts'

/** What to buy; names come from outside. */
export type Purchase = { user: Pick<User, '_id'> } & ({ plan: string; interval: Interval } | { pack: string })

export interface CheckoutOptions {
  /** From the form, so that a double click opens one session and a later purchase another. */
  nonce: string
  /**
   * The nonce is an API caller's idempotency key: it is bound to one purchase, and another purchase under it is
   * refused.
   */
  isIdempotencyKey?: boolean
  /** A checked path of this site for the success page to link to. */
  returnTo?: string | null
  /** The page's language, from checkout-locale.ts. */
  locale?: string
}

/**
 * Opens a Stripe Checkout session. Nothing is bought yet: if this fails, the same click works later.
 * @param purchase a plan by name and interval, or a credit pack by id
 * @returns where to send the browser
 * @throws EmailNotConfirmed, PlanNotFound, PackNotFound, PackNotSpendable, AlreadySubscribed, IdempotencyConflict,
 * OfferUnavailable, StripeUnavailable
 */
export function createCheckout(purchase: Purchase, options: CheckoutOptions): Promise<{ url: string }> {
  return withDeadline(async () => {
    const { url } = await openFor(purchase, options)
    if (!url) throw new StripeUnavailable()
    return { url }
  })
}

async function openFor(purchase: Purchase, options: CheckoutOptions): Promise<StripeSession> {
  const offer = offerFor(purchase)
  try {
    return await open(offer, purchase.user, options)
  } catch (error) {
    if (!isRefused(error)) throw error
    // The price was replaced, or the customer deleted, after this process cached it.
    forgetPrices()
  }
  try {
    return await open(offer, purchase.user, options)
  } catch (error) {
    if (!isRefused(error)) throw error
    logger.error({ err: error, lookupKey: offer.price.lookupKey }, 'Stripe refuses to sell an offer')
    throw new OfferUnavailable(error)
  }
}

function offerFor(purchase: Purchase): Offer {
  if ('pack' in purchase) {
    const pack = findPack(purchase.pack)
    if (!pack) throw new PackNotFound()
    return { kind: 'pack', pack, price: pack.price }
  }
  const plan = findPlan(purchase.plan)
  const price = plan?.prices?.[purchase.interval]
  if (!plan || !price) throw new PlanNotFound()
  return { kind: 'plan', plan, interval: purchase.interval, price }
}

async function open(
  offer: Offer,
  { _id }: Pick<User, '_id'>,
  { nonce, isIdempotencyKey = false, returnTo = null, locale = 'auto' }: CheckoutOptions,
): Promise<StripeSession> {
  const user = await readUser(_id)
  requireConfirmedEmail(user)
  if (offer.kind === 'pack') await refuseWhileNotSpendable(user)
  // The webhook of its end may not have arrived.
  if (offer.kind === 'plan' && hasLiveSubscription(user.subscription)) {
    refuseSecond(await syncSubscriptions(_id), offer.plan.name)
  }
  const customerId = await ensureCustomer(user)
  const isFirst = offer.kind === 'plan' && (await isFirstSubscription(user, customerId, offer.plan.name))
  const trial = offer.kind === 'plan' && isFirst ? offer.plan.trial : null
  const priceId = await priceIdOf(offer)
  // Bound last, so that a refused request leaves its key free.
  if (isIdempotencyKey) await bindKey(_id, nonce, offer)
  return openSession({ userId: _id.toHexString(), offer, customerId, priceId, trial, returnTo, locale }, nonce)
}

const ENDED_BY_BUYER = new Set(['past_due', 'paused_by_owner'])

/**
 * Packs are for spending now. Past-due buyers can resolve that on the same page, and those who paused spending can
 * resume it; a dispute or an account review they cannot end.
 * @throws PackNotSpendable
 */
async function refuseWhileNotSpendable({ _id }: User): Promise<void> {
  const { frozen } = await getBalance(_id)
  if (frozen && !ENDED_BY_BUYER.has(frozen)) throw new PackNotSpendable(frozen)
}

function refuseSecond({ subscription }: User, wanted: string): void {
  if (hasLiveSubscription(subscription)) throw new AlreadySubscribed(subscription?.plan ?? wanted)
}

/**
 * Whether the user has never had a subscription, ended ones included. Asks Stripe, since a purchase in another tab may
 * not have reached us by webhook yet.
 * @throws AlreadySubscribed when one is live
 */
async function isFirstSubscription(user: User, customer: string, wanted: string): Promise<boolean> {
  const before = await subscriptionsOfCustomer(customer)
  if (before.some(({ status }) => isLive(status))) refuseSecond(await syncSubscriptions(user._id), wanted)
  return before.length === 0 && !user.subscription
}
