import { createHash, randomUUID } from 'node:crypto'
import { config } from '../../config.server.ts'
import { type Offer, tagOf } from '../catalog/offers.ts'
import type { Plan } from '../plans.ts'
import { callStripe, isKeptFailure, isOtherRequest } from '../stripe/client.server.ts'
import { readSession, type StripeSession } from '../stripe/objects/checkout-session.ts'

/** Everything that a checkout session is made from. */
export interface Order {
  userId: string
  offer: Offer
  customerId: string
  priceId: string
  /** The buyer's trial, or null. */
  trial: Plan['trial']
  returnTo: string | null
  locale: string
}

/**
 * Opens a checkout session, once per nonce. If that session was paid, has expired, or was never created because Stripe
 * failed, a new one is opened.
 */
export async function openSession(order: Order, nonce: string): Promise<StripeSession> {
  try {
    const { id } = await createSession(order, nonce)
    // A repeated key returns the session as it was created, so its current state is retrieved.
    const session = readSession(await callStripe((stripe) => stripe.checkout.sessions.retrieve(id)))
    if (session.status === 'open') return session
  } catch (error) {
    if (!isOtherRequest(error) && !isKeptFailure(error)) throw error
  }
  return createSession(order, randomUUID())
}

async function createSession(order: Order, nonce: string): Promise<StripeSession> {
  const common = commonParams(order)
  // The key covers all parameters: the same form with another price or return path is another request.
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

function commonParams(order: Order) {
  const { userId, offer, customerId, priceId, returnTo, locale } = order
  const { appUrl, stripe } = config()
  const back = returnTo ? new URLSearchParams({ redirectTo: returnTo }).toString() : ''
  const cancelPath = offer.kind === 'plan' ? '/pricing' : '/billing'
  return {
    customer: customerId,
    // Checkout saves the details to the customer: tax IDs need a name there, automatic tax an address.
    customer_update: { address: 'auto' as const, name: 'auto' as const },
    client_reference_id: userId,
    metadata: metadataOf(order),
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

function planParams(order: Order) {
  const { trial } = order
  return {
    mode: 'subscription' as const,
    subscription_data: {
      metadata: metadataOf(order),
      // Prorations then show amounts before discounts, from which their credits are computed.
      billing_mode: { type: 'flexible' as const, flexible: { proration_discounts: 'itemized' as const } },
      ...(trial && {
        trial_period_days: trial.days,
        // If the card was removed, the plan pauses instead of owing a payment.
        trial_settings: { end_behavior: { missing_payment_method: 'pause' as const } },
      }),
    },
  }
}

function packParams(order: Order) {
  return { mode: 'payment' as const, payment_intent_data: { metadata: metadataOf(order) } }
}

const metadataOf = ({ userId, offer }: Order): Record<string, string> => ({ ...tagOf(offer), userId })
