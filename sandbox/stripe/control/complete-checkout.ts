import { answerBank, payCheckout } from '../billing/checkout/pay-session.ts'
import { needsOf } from '../pages/checkout/payment-form.ts'
import { StripeApiError } from '../core/errors.ts'
import { find } from '../core/lookup.ts'
import { noAddress } from '../core/shapes.ts'
import type { Address, CheckoutSession } from '../core/shapes.ts'
import type { World } from '../core/world.ts'

export interface CompleteOptions {
  /** A test card number, by default 4242 4242 4242 4242. */
  card?: string
  email?: string
  name?: string
  address?: Partial<Address>
  taxId?: string
  /** Whether the cardholder authenticates, by default true. */
  authenticate?: boolean
}

/** Completes a session as a person would on the hosted page. */
export function completeBy(
  world: World,
  id: string,
  {
    card = '4242424242424242',
    email = 'customer@example.com',
    name = 'Test Customer',
    address,
    taxId,
    authenticate = true,
  }: CompleteOptions,
): CheckoutSession {
  const session = find(world.tables.checkoutSessions, id)
  const entry = {
    // Tests span years, and the card must not expire in them.
    card: needsOf(session).card
      ? { number: card, expMonth: 12, expYear: new Date(world.clock.now() * 1000).getUTCFullYear() + 8 }
      : null,
    email,
    name,
    taxId,
    address: {
      ...noAddress,
      country: 'US',
      line1: '1 Main Street',
      city: 'Springfield',
      postal_code: '12345',
      ...address,
    },
  }
  const first = payCheckout(world, session, entry)
  const outcome =
    first.result === 'authenticate' ? answerBank(world, world.tables.checkoutSessions.get(id)!, authenticate) : first
  if (outcome.result === 'complete') return outcome.session
  // The failed charge is real, so its changes are kept.
  throw new StripeApiError(
    402,
    {
      type: 'card_error',
      code: 'card_declined',
      message: outcome.result === 'declined' ? outcome.message : 'The bank asks again.',
    },
    true,
  )
}
