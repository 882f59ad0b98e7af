import { newId } from '../core/ids.ts'
import type { BalanceTransaction, Charge, PaymentIntent, PaymentMethod, Refund } from '../core/shapes.ts'

export function newCharge(
  created: number,
  intent: PaymentIntent,
  method: PaymentMethod,
  given: Partial<Charge>,
): Charge {
  return {
    id: newId('ch'),
    object: 'charge',
    amount: intent.amount,
    amount_captured: 0,
    amount_refunded: 0,
    application: null,
    application_fee: null,
    application_fee_amount: null,
    balance_transaction: null,
    billing_details: method.billing_details,
    calculated_statement_descriptor: 'STRIPE SANDBOX',
    captured: false,
    created,
    currency: intent.currency,
    customer: intent.customer,
    description: intent.description,
    disputed: false,
    failure_balance_transaction: null,
    failure_code: null,
    failure_message: null,
    fraud_details: {},
    livemode: false,
    metadata: intent.metadata,
    on_behalf_of: null,
    outcome: null,
    paid: false,
    payment_intent: intent.id,
    payment_method: method.id,
    payment_method_details: method.sepa_debit
      ? { sepa_debit: { ...debitOf(method.sepa_debit), mandate: null }, type: 'sepa_debit' }
      : { card: cardOf(method, intent), type: 'card' },
    receipt_email: intent.receipt_email,
    receipt_number: null,
    receipt_url: null,
    refunded: false,
    review: null,
    shipping: null,
    source: null,
    source_transfer: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'pending',
    transfer_data: null,
    transfer_group: null,
    ...given,
  }
}

export function newBalanceTransaction(
  created: number,
  given: {
    amount: number
    currency: string
    source: string
    type: 'charge' | 'refund' | 'adjustment'
    fee?: number
    description?: string | null
  },
): BalanceTransaction {
  const { fee = 0 } = given
  return {
    id: newId('txn'),
    object: 'balance_transaction',
    amount: given.amount,
    available_on: created + 2 * 86_400,
    balance_type: 'payments',
    created,
    currency: given.currency,
    description: given.description ?? null,
    exchange_rate: null,
    fee,
    fee_details: fee
      ? [
          {
            amount: fee,
            application: null,
            currency: given.currency,
            description: 'Stripe processing fees',
            type: 'stripe_fee',
          },
        ]
      : [],
    net: given.amount - fee,
    reporting_category: given.type === 'adjustment' ? 'dispute' : given.type,
    source: given.source,
    status: 'pending',
    type: given.type,
  }
}

export function newRefund(created: number, charge: Charge, given: Partial<Refund> & { amount: number }): Refund {
  return {
    id: newId('re'),
    object: 'refund',
    balance_transaction: null,
    charge: charge.id,
    created,
    currency: charge.currency,
    customer: charge.customer,
    customer_account: null,
    destination_details: {
      card: { reference_status: 'pending', reference_type: 'acquirer_reference_number', type: 'refund' },
      type: 'card',
    },
    metadata: {},
    payment_intent: charge.payment_intent,
    payment_method: charge.payment_method,
    reason: null,
    receipt_number: null,
    source_transfer_reversal: null,
    status: 'succeeded',
    transfer_reversal: null,
    ...given,
  }
}

function cardOf(
  method: PaymentMethod,
  intent: PaymentIntent,
): NonNullable<NonNullable<Charge['payment_method_details']>['card']> {
  const card = method.card!
  return {
    amount_authorized: intent.amount,
    authorization_code: null,
    brand: card.brand,
    checks: card.checks,
    country: card.country,
    electronic_commerce_indicator: null,
    exp_month: card.exp_month,
    exp_year: card.exp_year,
    extended_authorization: { status: 'disabled' },
    fingerprint: card.fingerprint ?? null,
    funding: card.funding,
    incremental_authorization: { status: 'unavailable' },
    installments: null,
    last4: card.last4,
    mandate: null,
    multicapture: { status: 'unavailable' },
    network: card.brand,
    network_token: { used: false },
    network_transaction_id: null,
    overcapture: { maximum_amount_capturable: intent.amount, status: 'unavailable' },
    regulated_status: 'unregulated',
    three_d_secure: null,
    transaction_link_id: null,
    wallet: null,
  }
}

function debitOf({ bank_code, branch_code, country, fingerprint, last4 }: NonNullable<PaymentMethod['sepa_debit']>) {
  return { bank_code, branch_code, country, fingerprint, last4 }
}
