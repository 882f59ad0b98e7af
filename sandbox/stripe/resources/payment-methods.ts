import { emit } from '../core/events.ts'
import { invalidRequest, missingParameter } from '../core/errors.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import { noAddress } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { attach, createCardMethod, findMethod, methodFromToken } from '../billing/payments/payment-method.ts'
import { newSetupIntent } from '../objects/payment.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import {
  address,
  emptyable,
  flag,
  hash,
  ignored,
  integer,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  required,
  text,
} from '../http/params.ts'
import { fullAddress } from './customers.ts'

const billing_details = hash({
  address: emptyable(address),
  email: emptyable(text),
  name: emptyable(text),
  phone: emptyable(text),
  tax_id: text,
})

export const paymentMethods = [
  endpoint(
    'POST /v1/payment_methods',
    {
      type: oneOf('card', 'sepa_debit'),
      sepa_debit: hash({ iban: required(text) }),
      billing_details,
      card: hash({ number: text, exp_month: integer, exp_year: integer, cvc: text, token: text, networks: ignored }),
      metadata,
      allow_redisplay: ignored,
    },
    ({ world, params }) => {
      const { card, sepa_debit: debit } = params
      const details = params.billing_details && {
        ...params.billing_details,
        address: params.billing_details.address && fullAddress(params.billing_details.address),
      }
      if (debit)
        return createCardMethod(world, {
          number: debit.iban,
          expMonth: 12,
          expYear: 34,
          metadata: params.metadata ?? {},
          details: details,
        })
      if (!card) throw missingParameter('card')
      if (card.token) {
        const method = methodFromToken(world, card.token)
        if (!method) throw invalidRequest(`No such token: '${card.token}'`, 'card[token]', 'resource_missing')
        return world.tables.paymentMethods.update(method.id, {
          billing_details: { ...method.billing_details, ...details, address: details?.address ?? noAddress },
          metadata: params.metadata ?? {},
        })
      }
      if (!card.number) throw missingParameter('card[number]')
      return createCardMethod(world, {
        number: card.number,
        expMonth: card.exp_month ?? 12,
        expYear: card.exp_year ?? 34,
        details,
        metadata: params.metadata ?? {},
      })
    },
  ),
  retrieveEndpoint('GET /v1/payment_methods/:id', 'paymentMethods'),
  endpoint(
    'POST /v1/payment_methods/:id',
    {
      billing_details,
      metadata,
      card: hash({ exp_month: integer, exp_year: integer, networks: ignored }),
      allow_redisplay: ignored,
    },
    ({ world, id, params }) => {
      const before = find(world.tables.paymentMethods, id)
      const { address: place, ...details } = params.billing_details ?? {}
      const after = world.tables.paymentMethods.update(id, {
        billing_details: {
          ...before.billing_details,
          ...details,
          ...(place !== undefined && { address: place && fullAddress(place) }),
        },
        card: before.card && {
          ...before.card,
          ...(params.card?.exp_month && { exp_month: params.card.exp_month }),
          ...(params.card?.exp_year && { exp_year: params.card.exp_year }),
        },
        metadata: mergeMetadata(before.metadata ?? {}, params.metadata),
      })
      emit(world, 'payment_method.updated', after, before)
      return after
    },
  ),
  endpoint('POST /v1/payment_methods/:id/attach', { customer: required(text) }, ({ world, id, params }) =>
    attach(world, findMethod(world, id), liveCustomer(world, params.customer)),
  ),
  endpoint('POST /v1/payment_methods/:id/detach', {}, ({ world, id }) => {
    const before = find(world.tables.paymentMethods, id)
    if (!before.customer)
      throw invalidRequest('The payment method you provided is not attached to a customer so detachment is impossible.')
    forget(world, before.customer, id)
    const after = world.tables.paymentMethods.update(id, { customer: null })
    emit(world, 'payment_method.detached', after, before)
    return after
  }),
  listEndpoint(
    'GET /v1/payment_methods',
    'paymentMethods',
    { customer: text, type: text, allow_redisplay: text },
    { where: (row) => row.customer !== null },
  ),
]

/** Removes a detached card as default. */
function forget(world: World, customer: string, method: string): void {
  const before = world.tables.customers.get(customer)
  if (before?.invoice_settings.default_payment_method === method)
    emit(
      world,
      'customer.updated',
      world.tables.customers.update(customer, {
        invoice_settings: { ...before.invoice_settings, default_payment_method: null },
      }),
      before,
    )
  for (const subscription of world.tables.subscriptions.filter((row) => row.default_payment_method === method))
    emit(
      world,
      'customer.subscription.updated',
      world.tables.subscriptions.update(subscription.id, { default_payment_method: null }),
      subscription,
    )
}

export const setupIntents = [
  endpoint(
    'POST /v1/setup_intents',
    {
      customer: text,
      payment_method: text,
      confirm: flag,
      usage: oneOf('off_session', 'on_session'),
      description: text,
      metadata,
      payment_method_types: list(text),
      automatic_payment_methods: ignored,
      return_url: text,
    },
    ({ world, params }) => {
      const customer = params.customer ? liveCustomer(world, params.customer) : null
      const method = params.payment_method ? findMethod(world, params.payment_method) : null
      if (method && customer && params.confirm) attach(world, method, customer)
      const intent = world.tables.setupIntents.insert(
        newSetupIntent(world.now(customer?.id), {
          customer: customer?.id ?? null,
          description: params.description ?? null,
          metadata: params.metadata ?? {},
          payment_method: method?.id ?? null,
          status: method ? (params.confirm ? 'succeeded' : 'requires_confirmation') : 'requires_payment_method',
          usage: params.usage ?? 'off_session',
        }),
      )
      emit(world, 'setup_intent.created', intent)
      if (intent.status === 'succeeded') emit(world, 'setup_intent.succeeded', intent)
      return intent
    },
  ),
  retrieveEndpoint('GET /v1/setup_intents/:id', 'setupIntents'),
  endpoint(
    'POST /v1/setup_intents/:id/confirm',
    { payment_method: text, return_url: text },
    ({ world, id, params }) => {
      const before = find(world.tables.setupIntents, id)
      const method = findMethod(world, params.payment_method ?? before.payment_method ?? '')
      if (before.customer) attach(world, method, liveCustomer(world, before.customer))
      const after = world.tables.setupIntents.update(id, { payment_method: method.id, status: 'succeeded' })
      emit(world, 'setup_intent.succeeded', after)
      return after
    },
  ),
  listEndpoint('GET /v1/setup_intents', 'setupIntents', { customer: text, payment_method: text }),
]
