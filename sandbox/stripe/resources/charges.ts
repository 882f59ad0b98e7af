import { invalidRequest } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find } from '../core/lookup.ts'
import type { World } from '../core/world.ts'
import { refund } from '../billing/payments/refund.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import { atLeast, flag, ignored, mergeMetadata, metadata, oneOf, range, text } from '../http/params.ts'

export const charges = [
  retrieveEndpoint('GET /v1/charges/:id', 'charges'),
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
  listEndpoint('GET /v1/charges', 'charges', {
    customer: text,
    payment_intent: text,
    created: range,
    transfer_group: text,
  }),
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
  retrieveEndpoint('GET /v1/refunds/:id', 'refunds'),
  endpoint('POST /v1/refunds/:id', { metadata }, ({ world, id, params }) => {
    const before = find(world.tables.refunds, id)
    const after = world.tables.refunds.update(id, { metadata: mergeMetadata(before.metadata ?? {}, params.metadata) })
    emit(world, 'refund.updated', after, before)
    return after
  }),
  listEndpoint('GET /v1/refunds', 'refunds', { charge: text, payment_intent: text, created: range }),
]

function chargeOf(world: World, id: string) {
  const intent = find(world.tables.paymentIntents, id, 'payment_intent')
  const charge = world.tables.charges.get(intent.latest_charge ?? '')
  if (!charge)
    throw invalidRequest(`This PaymentIntent (${id}) does not have a successful charge to refund.`, 'payment_intent')
  return charge
}
