import { createHash, randomUUID } from 'node:crypto'
import { config } from '../../config.server.ts'
import type { Offer } from '../catalog/offers.ts'
import type { Plan } from '../plans.ts'
import { appTag, callStripe, isKeptFailure, isOtherRequest } from '../stripe/client.server.ts'
import { readSession, type StripeSession } from '../stripe/objects/checkout-session.ts'

/** Everything that a page to pay on is made from. */
export interface Order {
  userId: string
  offer: Offer
  customerId: string
  priceId: string
  /** The trial that the buyer gets, or none. */
  trial: Plan['trial']
  returnTo: string | null
  locale: string
}

/**
 * Opens a page, once per nonce. One that is no longer open, because it was paid, has expired, or was never made since
 * Stripe itself failed, is followed by a fresh one.
 */
export async function openSession(order: Order, nonce: string): Promise<StripeSession> {
  try {
    const { id } = await createSession(order, nonce)
    // A repeated key answers with the session as it was then, so its state has to be asked for.
    const session = readSession(await callStripe((stripe) => stripe.checkout.sessions.retrieve(id)))
    if (session.status === 'open') return session
  } catch (error) {
    if (!isOtherRequest(error) && !isKeptFailure(error)) throw error
  }
  return createSession(order, randomUUID())
}

async function createSession(order: Order, nonce: string): Promise<StripeSession> {
  const common = commonParams(order)
  // Of all that makes the page: the same form with another price or another way back is another request.
  const key = createHash('sha256')
    .update(JSON.stringify([nonce, order]))
    .digest('hex')
  const created = await callStripe((stripe) =>
    stripe.checkout.sessions.create(
      { ...common, ...(order.offer.kind === 'plan' ? planParams(order) : packParams(order)) },
      { idempotencyKey: `checkout:${order.userId}:${key}` },
    ),
  )
  return readSession(created)
}

function commonParams({ userId, offer, customerId, priceId, returnTo, locale }: Order) {
  const { appUrl, stripe } = config()
  const back = returnTo ? new URLSearchParams({ redirectTo: returnTo }).toString() : ''
  const cancelPath = offer.kind === 'plan' ? '/pricing' : '/billing'
  return {
    customer: customerId,
    // What is typed in goes to the customer: tax ids need a name there, and automatic tax an address.
    customer_update: { address: 'auto' as const, name: 'auto' as const },
    client_reference_id: userId,
    metadata: metadataOf(userId, offer),
    line_items: [{ price: priceId, quantity: 1 }],
    billing_address_collection: 'required' as const,
    tax_id_collection: { enabled: true },
    ...(stripe.automaticTax && { automatic_tax: { enabled: true } }),
    allow_promotion_codes: true,
    locale: locale as 'auto',
    success_url: `${appUrl}/billing/success?session_id={CHECKOUT_SESSION_ID}${back && `&${back}`}`,
    cancel_url: `${appUrl}${cancelPath}${offer.kind === 'plan' && back ? `?${back}` : ''}`,
  }
}

function planParams({ userId, offer, trial }: Order) {
  return {
    mode: 'subscription' as const,
    subscription_data: {
      metadata: metadataOf(userId, offer),
      // Prorations then say what time is worth before discounts, and so how many credits it brings or takes back.
      billing_mode: { type: 'flexible' as const, flexible: { proration_discounts: 'itemized' as const } },
      ...(trial && {
        trial_period_days: trial.days,
        // Whoever takes the card away again owes nothing: the plan rests until there is one.
        trial_settings: { end_behavior: { missing_payment_method: 'pause' as const } },
      }),
    },
  }
}

function packParams({ userId, offer }: Order) {
  return { mode: 'payment' as const, payment_intent_data: { metadata: metadataOf(userId, offer) } }
}

function metadataOf(userId: string, offer: Offer): Record<string, string> {
  const bought: Record<string, string> =
    offer.kind === 'plan' ? { plan: offer.plan.name, interval: offer.interval } : { pack: offer.pack.id }
  return { app: appTag(), userId, ...bought }
}
