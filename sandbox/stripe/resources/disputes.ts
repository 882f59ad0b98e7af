import { find } from '../core/lookup.ts'
import { closeDispute, submitEvidence } from '../billing/payments/dispute.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import { emptyable, flag, hash, ignored, metadata, range, text } from '../http/params.ts'

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
  retrieveEndpoint('GET /v1/disputes/:id', 'disputes'),
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
  listEndpoint('GET /v1/disputes', 'disputes', { charge: text, payment_intent: text, created: range }),
]

export const balanceTransactions = [
  retrieveEndpoint('GET /v1/balance_transactions/:id', 'balanceTransactions'),
  listEndpoint('GET /v1/balance_transactions', 'balanceTransactions', {
    type: text,
    source: text,
    currency: text,
    created: range,
    payout: ignored,
  }),
]
