import { createHash, randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { config } from '../config.server.ts'
import type { Offer } from './catalogue.ts'
import { ensureCustomer } from './customer.server.ts'
import { AlreadySubscribed, PackNotFound, PlanNotFound, StripeUnavailable } from './errors.ts'
import { findPack, findPlan, type Interval } from './plans.ts'
import { forgetPrices, priceIdOf } from './prices.server.ts'
import { APP_TAG, callStripe, isOtherRequest, isRefused } from './stripe.server.ts'
import { type StripeSession, readSession } from './stripe-shapes.ts'
import { hasLiveSubscription } from './subscription-state.ts'
import { readUser } from './users.server.ts'

/** What somebody wants to buy; names come from outside. */
export type Purchase = { user: Pick<User, '_id'> } & ({ plan: string; interval: Interval } | { pack: string })

/**
 * Opens a page at Stripe to pay on.
 * @param purchase a plan by name and interval, or a credit pack by id
 * @param options `nonce`: of the form, so that a double click opens one page and tomorrow's purchase another; `returnTo`:
 * a path of this site that has been checked, for the success page to lead to
 * @returns where to send the browser
 * @throws PlanNotFound, PackNotFound, AlreadySubscribed, StripeUnavailable
 */
export async function createCheckout(
  purchase: Purchase,
  { nonce, returnTo = null }: { nonce: string; returnTo?: string | null },
): Promise<{ url: string }> {
  const offer = offerFor(purchase)
  const user = await readUser(purchase.user._id)
  if (offer.kind === 'plan' && hasLiveSubscription(user.subscription)) {
    throw new AlreadySubscribed(user.subscription?.plan ?? offer.plan.name)
  }
  const order: Order = {
    user,
    offer,
    returnTo,
    customerId: await ensureCustomer(user),
    priceId: await priceIdOf(offer),
  }
  const session = await openAtNewestPrice(order, nonce)
  if (!session.url) throw new StripeUnavailable()
  return { url: session.url }
}

interface Order {
  user: User
  offer: Offer
  customerId: string
  priceId: string
  returnTo: string | null
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

/** Another process may have replaced the price since this one learned of it. */
async function openAtNewestPrice(order: Order, nonce: string): Promise<StripeSession> {
  try {
    return await openSession(order, nonce)
  } catch (error) {
    if (!isRefused(error)) throw error
    forgetPrices()
    const priceId = await priceIdOf(order.offer)
    if (priceId === order.priceId) throw error
    return openSession({ ...order, priceId }, nonce)
  }
}

/** A page that is no longer open, or was opened for something else under this nonce, is followed by a fresh one, once. */
async function openSession(order: Order, nonce: string): Promise<StripeSession> {
  try {
    const { id } = await createSession(order, nonce)
    // A repeated key answers with the session as it was then, so its state has to be asked for.
    const session = readSession(await callStripe((stripe) => stripe.checkout.sessions.retrieve(id)))
    if (session.status === 'open') return session
  } catch (error) {
    if (!isOtherRequest(error)) throw error
  }
  return createSession(order, randomUUID())
}

async function createSession(
  { user, offer, customerId, priceId, returnTo }: Order,
  nonce: string,
): Promise<StripeSession> {
  const userId = user._id.toHexString()
  const { appUrl } = config()
  const bought: Record<string, string> =
    offer.kind === 'plan' ? { plan: offer.plan.name, interval: offer.interval } : { pack: offer.pack.id }
  const metadata = { app: APP_TAG, userId, ...bought }
  const subscription_data = { metadata, ...(await trialOf(offer, user)) }
  const back = returnTo ? `&${new URLSearchParams({ redirectTo: returnTo }).toString()}` : ''
  const key = createHash('sha256').update(`${nonce} ${priceId}${back}`).digest('hex')
  const created = await callStripe((stripe) =>
    stripe.checkout.sessions.create(
      {
        mode: offer.kind === 'plan' ? 'subscription' : 'payment',
        customer: customerId,
        customer_update: { address: 'auto', name: 'auto' },
        client_reference_id: userId,
        metadata,
        line_items: [{ price: priceId, quantity: 1 }],
        billing_address_collection: 'required',
        allow_promotion_codes: true,
        success_url: `${appUrl}/billing/success?session_id={CHECKOUT_SESSION_ID}${back}`,
        cancel_url: offer.kind === 'plan' ? `${appUrl}/pricing${back.replace('&', '?')}` : `${appUrl}/billing`,
        ...(offer.kind === 'plan' ? { subscription_data } : { payment_intent_data: { metadata } }),
      },
      { idempotencyKey: `checkout:${userId}:${key}` },
    ),
  )
  return readSession(created)
}

/** A trial is for those who have never had a subscription, ended ones included. */
async function trialOf(offer: Offer, user: User): Promise<{ trial_period_days?: number }> {
  const trial = offer.kind === 'plan' ? offer.plan.trial : null
  const customer = user.stripeCustomerId
  if (!trial || user.subscription) return {}
  if (!customer) return { trial_period_days: trial.days }
  const before = await callStripe((stripe) => stripe.subscriptions.list({ customer, status: 'all', limit: 1 }))
  return before.data.length > 0 ? {} : { trial_period_days: trial.days }
}
