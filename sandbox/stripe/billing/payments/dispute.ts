import { DAY } from '../../core/clock.ts'
import { invalidRequest } from '../../core/errors.ts'
import { emit } from '../../core/events.ts'
import { newId } from '../../core/ids.ts'
import type { Charge, Dispute, PaymentIntent } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newBalanceTransaction } from '../../objects/charge.ts'
import { behaviorOf } from './payment-intent.ts'

const FEE = 1500

/** Opens a dispute: the bank withdraws the money until the dispute is decided. */
export function openDispute(
  world: World,
  before: Charge,
  { reason = 'fraudulent', amount = before.amount - before.amount_refunded, inquiry = false } = {},
): Dispute {
  if (!before.paid || before.disputed) throw invalidRequest(`Charge ${before.id} cannot be disputed.`, 'charge')
  const now = world.now(before.customer)
  const id = newId('du')
  // An inquiry withdraws no money until it becomes a dispute.
  const movement = inquiry
    ? null
    : world.tables.balanceTransactions.insert(
        newBalanceTransaction(now, {
          amount: -amount,
          currency: before.currency,
          source: id,
          type: 'adjustment',
          fee: FEE,
          description: `Chargeback withdrawal for ${before.id}`,
        }),
      )
  const dispute = world.tables.disputes.insert({
    id,
    object: 'dispute',
    amount,
    balance_transactions: movement ? [movement] : [],
    charge: before.id,
    created: now,
    currency: before.currency,
    enhanced_eligibility_types: [],
    evidence: noEvidence(before),
    evidence_details: {
      due_by: now + 9 * DAY,
      enhanced_eligibility: {},
      has_evidence: false,
      past_due: false,
      submission_count: 0,
      submission_method: 'not_submitted',
    },
    intended_submission_method: null,
    is_charge_refundable: inquiry,
    livemode: false,
    metadata: {},
    payment_intent: before.payment_intent,
    payment_method_details: {
      card: {
        brand: before.payment_method_details?.card?.brand ?? 'visa',
        case_type: inquiry ? 'inquiry' : 'chargeback',
        network: 'visa',
        network_reason_code: '10.4',
      },
      type: 'card',
    },
    reason,
    status: inquiry ? 'warning_needs_response' : 'needs_response',
  })
  const charge = world.tables.charges.update(before.id, { disputed: !inquiry })
  emit(world, 'charge.updated', charge, before)
  emit(world, 'charge.dispute.created', dispute)
  if (movement) emit(world, 'charge.dispute.funds_withdrawn', dispute)
  return dispute
}

/** Closes a dispute. Won: the money is reinstated. Lost: the bank keeps it. */
export function closeDispute(world: World, before: Dispute, verdict: 'won' | 'lost'): Dispute {
  if (before.status === 'won' || before.status === 'lost') throw invalidRequest(`This dispute is already closed.`)
  const charge = world.tables.charges.get(before.charge)!
  const movements =
    verdict === 'won' ? [...before.balance_transactions, reinstate(world, before, charge)] : before.balance_transactions
  const dispute = world.tables.disputes.update(before.id, { status: verdict, balance_transactions: movements })
  emit(world, 'charge.dispute.updated', dispute, before)
  if (verdict === 'won') emit(world, 'charge.dispute.funds_reinstated', dispute)
  emit(world, 'charge.dispute.closed', dispute)
  return dispute
}

function reinstate(world: World, dispute: Dispute, charge: Charge) {
  return world.tables.balanceTransactions.insert(
    newBalanceTransaction(world.now(charge.customer), {
      amount: dispute.amount,
      currency: dispute.currency,
      source: dispute.id,
      type: 'adjustment',
      fee: -FEE,
      description: `Chargeback reversal for ${charge.id}`,
    }),
  )
}

/** Submits evidence that decides the dispute, as in Stripe's test mode. */
export function submitEvidence(
  world: World,
  before: Dispute,
  evidence: Record<string, string | null>,
  submit: boolean,
): Dispute {
  const patched = { ...before.evidence, ...evidence }
  const dispute = world.tables.disputes.update(before.id, {
    evidence: patched,
    evidence_details: {
      ...before.evidence_details,
      has_evidence: true,
      submission_count: before.evidence_details.submission_count + (submit ? 1 : 0),
      submission_method: submit ? 'manual' : before.evidence_details.submission_method,
    },
    status: submit ? 'under_review' : before.status,
  })
  emit(world, 'charge.dispute.updated', dispute, before)
  if (submit && patched.uncategorized_text === 'winning_evidence') return closeDispute(world, dispute, 'won')
  if (submit && patched.uncategorized_text === 'losing_evidence') return closeDispute(world, dispute, 'lost')
  return dispute
}

/** Disputes a payment of the test card whose payments are always disputed. */
export function disputeIfMeantTo(world: World, intent: PaymentIntent): void {
  const method = world.tables.paymentMethods.get(intent.payment_method ?? '')
  const behavior = method && behaviorOf(world, method)
  if (behavior?.kind === 'disputes')
    openDispute(world, world.tables.charges.get(intent.latest_charge!)!, {
      reason: behavior.reason,
      inquiry: behavior.inquiry,
    })
}

function noEvidence(charge: Charge): Dispute['evidence'] {
  return {
    access_activity_log: null,
    billing_address: null,
    cancellation_policy: null,
    cancellation_policy_disclosure: null,
    cancellation_rebuttal: null,
    customer_communication: null,
    customer_email_address: charge.billing_details.email,
    customer_name: charge.billing_details.name,
    customer_purchase_ip: null,
    customer_signature: null,
    duplicate_charge_documentation: null,
    duplicate_charge_explanation: null,
    duplicate_charge_id: null,
    enhanced_evidence: {},
    product_description: null,
    receipt: null,
    refund_policy: null,
    refund_policy_disclosure: null,
    refund_refusal_explanation: null,
    service_date: null,
    service_documentation: null,
    shipping_address: null,
    shipping_carrier: null,
    shipping_date: null,
    shipping_documentation: null,
    shipping_tracking_number: null,
    uncategorized_file: null,
    uncategorized_text: null,
  }
}
