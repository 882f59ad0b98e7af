import { StripeApiError } from '../core/errors.ts'
import { find } from '../core/lookup.ts'
import { payWithMethod } from '../billing/checkout/pay-session.ts'
import { endpoint } from '../http/endpoint.ts'
import { atLeast, flag, ignored, required, text } from '../http/params.ts'

/** The API of Stripe's own checkout page, which the Stripe CLI uses to pay. */
export const paymentPages = [
  endpoint('GET /v1/payment_pages/:id', { key: text, eid: text }, ({ world, id }) => {
    const session = find(world.tables.checkoutSessions, id)
    return { ...session, session_id: session.id }
  }),
  endpoint(
    'POST /v1/payment_pages/:id/confirm',
    {
      payment_method: required(text),
      expected_amount: atLeast(0),
      expected_payment_method_type: text,
      return_url: text,
      eid: text,
      key: text,
      consent: ignored,
      shipping: ignored,
      email: text,
      passive_captcha_token: ignored,
      save_payment_method: flag,
    },
    ({ world, id, params }) => {
      const session = find(world.tables.checkoutSessions, id)
      const outcome = payWithMethod(
        world,
        session,
        find(world.tables.paymentMethods, params.payment_method, 'payment_method'),
      )
      if (outcome.result === 'declined')
        throw new StripeApiError(402, { type: 'card_error', code: 'card_declined', message: outcome.message }, true)
      return { ...world.tables.checkoutSessions.get(id)!, session_id: id }
    },
  ),
]
