import type { User } from '#models/user.server.ts'
import { requireConfirmedEmail } from '../../email-confirmation/require-confirmed-email.server.ts'
import { getBalance } from '../../credits/balance.server.ts'
import { logger } from '../../log.server.ts'
import type { Offer } from '../catalog/offers.ts'
import { bindKey } from './checkout-key.server.ts'
import { openSession } from './checkout-session.server.ts'
import { ensureCustomer } from '../customers/stripe-customer.server.ts'
import {
  AlreadySubscribed,
  OfferUnavailable,
  PackNotFound,
  PackNotSpendable,
  PlanNotFound,
  StripeUnavailable,
} from '../errors.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { findPack, findPlan, type Interval } from '../plans.ts'
import { forgetPrices, priceIdOf } from '../catalog/prices.server.ts'
import { callStripe, isMissing, isRefused } from '../stripe/client.server.ts'
import type { StripeSession } from '../stripe/objects/checkout-session.ts'
import { readSubscription, type StripeSubscription } from '../stripe/objects/subscription.ts'
import { hasLiveSubscription, isLive } from '../subscriptions/subscription-state.ts'
import { syncSubscriptions } from '../subscriptions/sync-subscriptions.server.ts'
import { readUser } from '../customers/users.server.ts'

/** What somebody wants to buy; names come from outside. */
export type Purchase = { user: Pick<User, '_id'> } & ({ plan: string; interval: Interval } | { pack: string })

export interface CheckoutOptions {
  /** Of the form, so that a double click opens one page and tomorrow's purchase another. */
  nonce: string
  /** The nonce is a program's idempotency key: it stands for one purchase, and another one under it is refused. */
  isIdempotencyKey?: boolean
  /** A path of this site that has been checked, for the success page to lead to. */
  returnTo?: string | null
  /** The page's language, from checkout-locale.ts. */
  locale?: string
}

/**
 * Opens a page at Stripe to pay on. Nothing is bought by that: whatever goes wrong here, the same click later works.
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
    // The price was replaced, or the customer deleted, since this process learned of it.
    forgetPrices()
  }
  try {
    return await open(offer, purchase.user, options)
  } catch (error) {
    if (!isRefused(error)) throw error
    logger.error({ err: error, lookupKey: offer.price.lookupKey }, 'Stripe refuses to sell something that is on sale')
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
  // Nobody may have told of its end.
  if (offer.kind === 'plan' && hasLiveSubscription(user.subscription)) {
    refuseSecond(await syncSubscriptions(_id), offer.plan.name)
  }
  const customerId = await ensureCustomer(user)
  const isFirst = offer.kind === 'plan' && (await isFirstSubscription(user, customerId, offer.plan.name))
  const trial = offer.kind === 'plan' && isFirst ? offer.plan.trial : null
  const priceId = await priceIdOf(offer)
  // Only now: what was refused leaves its key free for something else.
  if (isIdempotencyKey) await bindKey(_id, nonce, offer)
  return openSession({ userId: _id.toHexString(), offer, customerId, priceId, trial, returnTo, locale }, nonce)
}

/**
 * A pack is bought to be spent. While a payment is owed its buyer has the way out on the same page; a dispute or a check
 * of the account only others can end.
 * @throws PackNotSpendable
 */
async function refuseWhileNotSpendable({ _id }: User): Promise<void> {
  const { frozen } = await getBalance(_id)
  if (frozen && frozen !== 'past_due') throw new PackNotSpendable(frozen)
}

function refuseSecond({ subscription }: User, wanted: string): void {
  if (hasLiveSubscription(subscription)) throw new AlreadySubscribed(subscription?.plan ?? wanted)
}

/**
 * Whether somebody has never had a subscription, ended ones included. Stripe knows of one that was bought in another tab
 * before its webhook has come here.
 * @throws AlreadySubscribed when one is live
 */
async function isFirstSubscription(user: User, customer: string, wanted: string): Promise<boolean> {
  const before = await subscriptionsAtStripe(customer)
  if (before.some(({ status }) => isLive(status))) refuseSecond(await syncSubscriptions(user._id), wanted)
  return before.length === 0 && !user.subscription
}

async function subscriptionsAtStripe(customer: string): Promise<StripeSubscription[]> {
  try {
    const page = await callStripe((stripe) => stripe.subscriptions.list({ customer, status: 'all', limit: 100 }))
    return page.data.map(readSubscription)
  } catch (error) {
    if (isMissing(error)) return []
    throw error
  }
}
