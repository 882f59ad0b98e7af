import { StripeApiError, invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { PaymentIntent } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { settle } from '../billing/collection/collect.ts'
import { attach, createCardMethod, findMethod, methodFromToken } from '../billing/payments/payment-method.ts'
import { cancelIntent, confirm } from '../billing/payments/payment-intent.ts'
import type { PaymentSituation } from '../billing/payments/payment-intent.ts'
import { newPaymentIntent } from '../objects/payment.ts'
import { endpoint, listEndpoint } from '../http/endpoint.ts'
import {
  atLeast,
  emptyable,
  flag,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  range,
  required,
  text,
} from '../http/params.ts'
import { currencyOf } from './price-data.ts'
import { disputeIfMeantTo } from '../billing/payments/dispute.ts'
import { invoiceOf } from '../billing/invoices/invoice-payment.ts'

const intentFields = {
  amount: atLeast(1),
  customer: text,
  description: emptyable(text),
  metadata,
  payment_method: text,
  payment_method_types: list(text),
  receipt_email: emptyable(text),
  setup_future_usage: emptyable(oneOf('off_session', 'on_session')),
  statement_descriptor: text,
  shipping: ignored,
  payment_method_options: ignored,
  payment_method_data: hash({
    type: oneOf('card'),
    card: hash({ token: text, number: text, exp_month: integer, exp_year: integer, cvc: text }),
    billing_details: ignored,
  }),
  transfer_group: text,
}
const confirmFields = {
  payment_method: text,
  off_session: flag,
  return_url: text,
  error_on_requires_action: flag,
  payment_method_data: intentFields.payment_method_data,
  payment_method_options: ignored,
  receipt_email: emptyable(text),
  setup_future_usage: intentFields.setup_future_usage,
  mandate_data: ignored,
  use_stripe_sdk: flag,
  client_secret: text,
}

/** Confirms the intent and settles its invoice; a decline is a 402. */
function confirmed(
  world: World,
  intent: PaymentIntent,
  params: { payment_method?: string; off_session?: boolean },
  situation: PaymentSituation = {},
): PaymentIntent {
  if (!['requires_payment_method', 'requires_confirmation', 'requires_action'].includes(intent.status))
    throw new StripeApiError(400, {
      type: 'invalid_request_error',
      code: 'payment_intent_unexpected_state',
      message: `You cannot confirm this PaymentIntent because it has already ${intent.status === 'succeeded' ? 'succeeded after being previously confirmed' : 'been canceled'}.`,
      payment_intent: intent,
    })
  const id = params.payment_method ?? intent.payment_method
  if (!id)
    throw invalidRequest(
      "You cannot confirm this PaymentIntent because it's missing a payment method.",
      'payment_method',
      'payment_intent_unexpected_state',
    )
  const method = findMethod(world, id)
  if (intent.setup_future_usage && intent.customer && !method.customer)
    attach(world, method, liveCustomer(world, intent.customer))
  const outcome = confirm(world, intent, method, { offSession: params.off_session, ...situation })
  const invoice = invoiceOf(world, intent)
  if (invoice?.status === 'open') settle(world, invoice, outcome)
  else if (outcome.result === 'succeeded') disputeIfMeantTo(world, outcome.intent)
  if (outcome.result === 'failed') throw new StripeApiError(402, outcome.error, true)
  return world.tables.paymentIntents.get(intent.id)!
}

function methodIn(
  world: World,
  data: { card?: { token?: string; number?: string; exp_month?: number; exp_year?: number } } | undefined,
): string | undefined {
  if (!data?.card) return undefined
  if (data.card.token) return methodFromToken(world, data.card.token)?.id
  return createCardMethod(world, {
    number: data.card.number ?? '',
    expMonth: data.card.exp_month ?? 12,
    expYear: data.card.exp_year ?? 34,
  }).id
}

export const paymentIntents = [
  endpoint(
    'POST /v1/payment_intents',
    {
      ...intentFields,
      amount: required(intentFields.amount),
      currency: required(text),
      confirm: flag,
      off_session: flag,
      return_url: text,
      automatic_payment_methods: hash({ enabled: required(flag), allow_redirects: text }),
      capture_method: oneOf('automatic', 'automatic_async'),
      confirmation_method: oneOf('automatic'),
      error_on_requires_action: flag,
    },
    ({ world, params }) => {
      const currency = currencyOf(params.currency)
      if (params.customer) liveCustomer(world, params.customer)
      const chosen =
        methodIn(world, params.payment_method_data) ??
        (params.payment_method && findMethod(world, params.payment_method).id)
      const intent = world.tables.paymentIntents.insert(
        newPaymentIntent(world.now(params.customer), {
          amount: params.amount,
          currency,
          automatic_payment_methods: params.automatic_payment_methods
            ? { enabled: true, allow_redirects: 'always' }
            : null,
          customer: params.customer ?? null,
          description: params.description ?? null,
          metadata: params.metadata ?? {},
          payment_method: chosen ?? null,
          receipt_email: params.receipt_email ?? null,
          setup_future_usage: params.setup_future_usage ?? null,
          status: chosen ? 'requires_confirmation' : 'requires_payment_method',
        }),
      )
      emit(world, 'payment_intent.created', intent)
      return params.confirm ? confirmed(world, intent, { off_session: params.off_session }) : intent
    },
  ),
  endpoint('GET /v1/payment_intents/:id', { client_secret: text }, ({ world, id }) =>
    find(world.tables.paymentIntents, id),
  ),
  endpoint('POST /v1/payment_intents/:id', { ...intentFields, currency: text }, ({ world, id, params }) => {
    const before = find(world.tables.paymentIntents, id)
    const method = params.payment_method && findMethod(world, params.payment_method).id
    const {
      metadata: pairs,
      payment_method: _m,
      payment_method_types: _t,
      payment_method_data: _d,
      payment_method_options: _o,
      shipping: _s,
      ...plain
    } = params
    return world.tables.paymentIntents.update(id, {
      ...plain,
      metadata: mergeMetadata(before.metadata, pairs),
      ...(method && { payment_method: method, status: 'requires_confirmation' }),
    })
  }),
  endpoint('POST /v1/payment_intents/:id/confirm', confirmFields, ({ world, id, params }) =>
    confirmed(world, find(world.tables.paymentIntents, id), {
      ...params,
      payment_method: methodIn(world, params.payment_method_data) ?? params.payment_method,
    }),
  ),
  endpoint(
    'POST /v1/payment_intents/:id/cancel',
    { cancellation_reason: oneOf('abandoned', 'duplicate', 'fraudulent', 'requested_by_customer') },
    ({ world, id, params }) => {
      const intent = find(world.tables.paymentIntents, id)
      if (intent.status === 'succeeded' || intent.status === 'canceled')
        throw invalidRequest(
          `You cannot cancel this PaymentIntent because it has a status of ${intent.status}.`,
          undefined,
          'payment_intent_unexpected_state',
        )
      return cancelIntent(world, intent, params.cancellation_reason ?? null)
    },
  ),
  listEndpoint('GET /v1/payment_intents', 'paymentIntents', { customer: text, created: range }),
]
