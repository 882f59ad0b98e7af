import { StripeApiError, invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { PaymentIntent } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { disputeIfMeantTo, invoiceOf, settle } from '../billing/collect.ts'
import { closeDispute, submitEvidence } from '../billing/dispute.ts'
import { attach, createCardMethod, findMethod, methodFromToken } from '../billing/methods.ts'
import { cancelIntent, confirm } from '../billing/payment.ts'
import type { PaymentSituation } from '../billing/payment.ts'
import { refund } from '../billing/refund.ts'
import { newPaymentIntent } from '../objects/payment.ts'
import { endpoint, listEndpoint, within } from '../http/endpoint.ts'
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
import { currencyOf } from './catalogue.ts'

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

/** Confirms, and lets the invoice behind the intent take its course; a refusal is the answer 402. */
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
  listEndpoint(
    'GET /v1/payment_intents',
    (world) => world.tables.paymentIntents,
    { customer: text, created: range },
    (row, { params }) => (!params.customer || row.customer === params.customer) && within(row.created, params.created),
  ),
]

export const charges = [
  endpoint('GET /v1/charges/:id', {}, ({ world, id }) => find(world.tables.charges, id)),
  endpoint(
    'POST /v1/charges/:id',
    { description: text, metadata, receipt_email: text, fraud_details: ignored },
    ({ world, id, params }) => {
      const before = find(world.tables.charges, id)
      const after = world.tables.charges.update(id, {
        ...(params.description && { description: params.description }),
        metadata: mergeMetadata(before.metadata, params.metadata),
      })
      emit(world, 'charge.updated', after, before)
      return after
    },
  ),
  listEndpoint(
    'GET /v1/charges',
    (world) => world.tables.charges,
    { customer: text, payment_intent: text, created: range, transfer_group: text },
    (row, { params }) =>
      (!params.customer || row.customer === params.customer) &&
      (!params.payment_intent || row.payment_intent === params.payment_intent) &&
      within(row.created, params.created),
  ),
]

export const refunds = [
  endpoint(
    'POST /v1/refunds',
    {
      amount: atLeast(1),
      charge: text,
      payment_intent: text,
      reason: oneOf('duplicate', 'fraudulent', 'requested_by_customer'),
      metadata,
      refund_application_fee: flag,
      reverse_transfer: flag,
      currency: text,
      instructions_email: text,
    },
    ({ world, params }) => {
      const charge = params.charge
        ? find(world.tables.charges, params.charge, 'charge')
        : params.payment_intent
          ? chargeOf(world, params.payment_intent)
          : null
      if (!charge)
        throw invalidRequest(
          'One of the following params should be provided for this request: payment_intent or charge.',
          'charge',
          'parameter_missing',
        )
      return refund(world, charge, { amount: params.amount, reason: params.reason, metadata: params.metadata ?? {} })
    },
  ),
  endpoint('GET /v1/refunds/:id', {}, ({ world, id }) => find(world.tables.refunds, id)),
  endpoint('POST /v1/refunds/:id', { metadata }, ({ world, id, params }) => {
    const before = find(world.tables.refunds, id)
    const after = world.tables.refunds.update(id, { metadata: mergeMetadata(before.metadata ?? {}, params.metadata) })
    emit(world, 'refund.updated', after, before)
    return after
  }),
  listEndpoint(
    'GET /v1/refunds',
    (world) => world.tables.refunds,
    { charge: text, payment_intent: text, created: range },
    (row, { params }) =>
      (!params.charge || row.charge === params.charge) &&
      (!params.payment_intent || row.payment_intent === params.payment_intent) &&
      within(row.created, params.created),
  ),
]

function chargeOf(world: World, id: string) {
  const intent = find(world.tables.paymentIntents, id, 'payment_intent')
  const charge = world.tables.charges.get(intent.latest_charge ?? '')
  if (!charge)
    throw invalidRequest(`This PaymentIntent (${id}) does not have a successful charge to refund.`, 'payment_intent')
  return charge
}

const evidenceFields = [
  'access_activity_log',
  'billing_address',
  'cancellation_policy_disclosure',
  'cancellation_rebuttal',
  'customer_email_address',
  'customer_name',
  'customer_purchase_ip',
  'duplicate_charge_explanation',
  'duplicate_charge_id',
  'product_description',
  'refund_policy_disclosure',
  'refund_refusal_explanation',
  'service_date',
  'uncategorized_text',
]

export const disputes = [
  endpoint('GET /v1/disputes/:id', {}, ({ world, id }) => find(world.tables.disputes, id)),
  endpoint(
    'POST /v1/disputes/:id',
    {
      evidence: hash(Object.fromEntries(evidenceFields.map((field) => [field, emptyable(text)]))),
      metadata,
      submit: flag,
    },
    ({ world, id, params }) =>
      submitEvidence(
        world,
        find(world.tables.disputes, id),
        (params.evidence ?? {}) as Record<string, string | null>,
        params.submit ?? true,
      ),
  ),
  endpoint('POST /v1/disputes/:id/close', {}, ({ world, id }) =>
    closeDispute(world, find(world.tables.disputes, id), 'lost'),
  ),
  listEndpoint(
    'GET /v1/disputes',
    (world) => world.tables.disputes,
    { charge: text, payment_intent: text, created: range },
    (row, { params }) =>
      (!params.charge || row.charge === params.charge) &&
      (!params.payment_intent || row.payment_intent === params.payment_intent) &&
      within(row.created, params.created),
  ),
]

export const balanceTransactions = [
  endpoint('GET /v1/balance_transactions/:id', {}, ({ world, id }) => find(world.tables.balanceTransactions, id)),
  listEndpoint(
    'GET /v1/balance_transactions',
    (world) => world.tables.balanceTransactions,
    { type: text, source: text, currency: text, created: range, payout: text },
    (row, { params }) =>
      (!params.type || row.type === params.type) &&
      (!params.source || row.source === params.source) &&
      within(row.created, params.created),
  ),
]
