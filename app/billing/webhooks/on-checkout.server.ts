import { fulfillCheckout } from '../checkout/fulfill-checkout.server.ts'
import { ignored, type Outcome } from '../outcome.ts'
import { readSession } from '../stripe/objects/checkout-session.ts'
import type { EventObject } from './event.ts'

/** Paid, or payment pending: the session's own state says which. */
export async function onCheckout(object: EventObject): Promise<Outcome> {
  return fulfillCheckout(readSession(object).id)
}

/** Nothing was granted, so nothing has to be undone. */
export async function onCheckoutEnded(object: EventObject): Promise<Outcome> {
  return ignored(`The session ${readSession(object).id} ended without a payment.`)
}
