import { emit } from '../../core/events.ts'
import type { ErrorBody } from '../../core/errors.ts'
import type { Charge, PaymentIntent, PaymentMethod } from '../../core/shapes.ts'
import type { World } from '../../core/world.ts'
import { newBalanceTransaction, newCharge } from '../../objects/charge.ts'
import { findTestCard } from './test-cards.ts'
import type { CardBehavior } from './test-cards.ts'

/**
 * The payment intent's state machine:
 *
 *     requires_payment_method → (confirm) → succeeded
 *                                         → requires_action → (authenticate) → succeeded | requires_payment_method
 *                                         → requires_payment_method, with last_payment_error
 *                                         → processing → (the bank answers) → succeeded | requires_payment_method
 *     anything unfinished     → (cancel)  → canceled
 */
export type PaymentOutcome =
  | { result: 'succeeded'; intent: PaymentIntent; charge: Charge }
  | { result: 'requires_action'; intent: PaymentIntent }
  | { result: 'processing'; intent: PaymentIntent }
  | { result: 'failed'; intent: PaymentIntent; error: ErrorBody }

export interface PaymentSituation {
  /** The cardholder is absent, as at a renewal. */
  offSession?: boolean
  /** The cardholder has just authenticated this payment. */
  authenticated?: boolean
}

/** What a card would do now, without a charge. */
export function behaviorOf(world: World, method: PaymentMethod): CardBehavior {
  const row = world.tables.cards.get(method.id)
  const behavior = (row && findTestCard(row.number)?.behavior) ?? { kind: 'pays' }
  return behavior.kind === 'authenticates' && !behavior.always && row?.authenticated ? { kind: 'pays' } : behavior
}

/** Charges the card: it pays, requires authentication, or is declined. */
export function confirm(
  world: World,
  intent: PaymentIntent,
  method: PaymentMethod,
  situation: PaymentSituation = {},
): PaymentOutcome {
  const behavior = behaviorOf(world, method)
  if (behavior.kind === 'declines' || behavior.kind === 'fails_when_charged')
    return decline(world, intent, method, behavior)
  if (behavior.kind === 'authenticates' && !situation.authenticated) return challenge(world, intent, method, situation)
  if (behavior.kind === 'later') return wait(world, intent, method)
  return succeed(world, intent, method)
}

/** Starts a bank debit, whose outcome is known later. */
function wait(world: World, before: PaymentIntent, method: PaymentMethod): PaymentOutcome {
  const charge = world.tables.charges.insert(newCharge(world.now(before.customer), before, method, { captured: true }))
  const intent = world.tables.paymentIntents.update(before.id, {
    status: 'processing',
    latest_charge: charge.id,
    payment_method: method.id,
  })
  emit(world, 'charge.pending', charge)
  emit(world, 'payment_intent.processing', intent)
  return { result: 'processing', intent }
}

/** Applies the bank's answer to a pending debit. */
export function settlePending(world: World, intent: PaymentIntent): PaymentOutcome {
  const method = world.tables.paymentMethods.get(intent.payment_method!)!
  const behavior = behaviorOf(world, method)
  // The pending charge itself succeeds or fails.
  const pending = intent.latest_charge!
  if (behavior.kind === 'later' && behavior.succeeds) return succeed(world, intent, method, pending)
  const refusal = {
    code: 'payment_intent_payment_attempt_failed',
    declineCode: 'generic_decline',
    message: 'The payment failed.',
  }
  return decline(world, intent, method, refusal, pending)
}

function succeed(world: World, before: PaymentIntent, method: PaymentMethod, pending?: string): PaymentOutcome {
  const { tables } = world
  const now = world.now(before.customer)
  const draft = newCharge(now, before, method, {
    ...(pending && { id: pending }),
    amount_captured: before.amount,
    captured: true,
    outcome: outcome('authorized', 'approved_by_network', 'Payment complete.'),
    paid: true,
    status: 'succeeded',
  })
  const movement = tables.balanceTransactions.insert(
    newBalanceTransaction(now, {
      amount: before.amount,
      currency: before.currency,
      source: draft.id,
      type: 'charge',
      fee: Math.round(before.amount * 0.029) + 30,
      description: before.description,
    }),
  )
  const charge = put(world, {
    ...draft,
    balance_transaction: movement.id,
    receipt_url: `${world.baseUrl}/receipts/${draft.id}`,
  })
  const intent = tables.paymentIntents.update(before.id, {
    status: 'succeeded',
    amount_received: before.amount,
    latest_charge: charge.id,
    payment_method: method.id,
    last_payment_error: null,
    next_action: null,
  })
  emit(world, 'charge.succeeded', charge)
  emit(world, 'payment_intent.succeeded', intent)
  return { result: 'succeeded', intent, charge }
}

function decline(
  world: World,
  before: PaymentIntent,
  method: PaymentMethod,
  refusal: { code: string; declineCode: string; message: string },
  pending?: string,
): PaymentOutcome {
  const { tables } = world
  const charge = put(
    world,
    newCharge(world.now(before.customer), before, method, {
      ...(pending && { id: pending }),
      failure_code: refusal.code,
      failure_message: refusal.message,
      outcome: outcome(
        'issuer_declined',
        'declined_by_network',
        'The bank did not return any further details with this decline.',
        refusal.declineCode,
      ),
      status: 'failed',
    }),
  )
  const error: ErrorBody = {
    type: 'card_error',
    code: refusal.code,
    decline_code: refusal.declineCode,
    message: refusal.message,
    doc_url: `https://stripe.com/docs/error-codes/${refusal.code.replaceAll('_', '-')}`,
    charge: charge.id,
    payment_method: method,
  }
  const intent = tables.paymentIntents.update(before.id, {
    status: 'requires_payment_method',
    latest_charge: charge.id,
    last_payment_error: error as PaymentIntent['last_payment_error'],
    next_action: null,
    payment_method: null,
  })
  emit(world, 'charge.failed', charge)
  emit(world, 'payment_intent.payment_failed', intent)
  return { result: 'failed', intent, error: { ...error, payment_intent: intent } }
}

function put({ tables: { charges } }: World, charge: Charge): Charge {
  return charges.get(charge.id) ? charges.update(charge.id, charge) : charges.insert(charge)
}

/** The bank requires authentication: on session by a page, off session by a decline. */
function challenge(
  world: World,
  before: PaymentIntent,
  method: PaymentMethod,
  { offSession }: PaymentSituation,
): PaymentOutcome {
  if (offSession) {
    const refusal = {
      code: 'authentication_required',
      declineCode: 'authentication_required',
      message: 'Your card was declined. This transaction requires authentication.',
    }
    return decline(world, before, method, refusal)
  }
  const intent = world.tables.paymentIntents.update(before.id, {
    status: 'requires_action',
    payment_method: method.id,
    next_action: {
      type: 'redirect_to_url',
      redirect_to_url: { url: `${world.baseUrl}/authenticate/${before.id}`, return_url: null },
    },
  })
  emit(world, 'payment_intent.requires_action', intent)
  return { result: 'requires_action', intent }
}

/** The cardholder confirms or refuses on the bank's page. */
export function authenticate(world: World, intent: PaymentIntent, accepted: boolean): PaymentOutcome {
  const method = world.tables.paymentMethods.get(intent.payment_method!)!
  if (accepted) {
    if (world.tables.cards.get(method.id)) world.tables.cards.update(method.id, { authenticated: true })
    return confirm(world, intent, method, { authenticated: true })
  }
  const refusal = {
    code: 'payment_intent_authentication_failure',
    declineCode: 'authentication_failed',
    message:
      'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
  }
  return decline(world, intent, method, refusal)
}

export function cancelIntent(
  world: World,
  before: PaymentIntent,
  reason: PaymentIntent['cancellation_reason'],
): PaymentIntent {
  const intent = world.tables.paymentIntents.update(before.id, {
    status: 'canceled',
    canceled_at: world.now(before.customer),
    cancellation_reason: reason,
    next_action: null,
  })
  emit(world, 'payment_intent.canceled', intent)
  return intent
}

function outcome(type: string, network: string, message: string, reason: string | null = null): Charge['outcome'] {
  return {
    advice_code: null,
    network_advice_code: null,
    network_decline_code: reason && '01',
    network_status: network,
    reason,
    risk_level: 'normal',
    risk_score: 12,
    seller_message: message,
    type,
  }
}
