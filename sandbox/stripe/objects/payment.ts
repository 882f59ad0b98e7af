import { newId, randomText } from '../core/ids.ts'
import { noAddress } from '../core/shapes.ts'
import type { PaymentIntent, PaymentMethod, SetupIntent } from '../core/shapes.ts'

/** The card or bank account of a payment method; a bank account's number is its IBAN. */
export interface Instrument {
  brand: string
  number: string
}

export interface BillingDetails {
  name?: string | null
  email?: string | null
  phone?: string | null
  address?: PaymentMethod['billing_details']['address']
}

export function newCardMethod(
  created: number,
  card: Instrument,
  given: {
    expMonth: number
    expYear: number
    details?: BillingDetails
    id?: string
    metadata?: Record<string, string>
  },
): PaymentMethod {
  const { details = {} } = given
  return {
    id: given.id ?? newId('pm'),
    object: 'payment_method',
    allow_redisplay: 'unspecified',
    billing_details: {
      address: details.address ?? noAddress,
      email: details.email ?? null,
      name: details.name ?? null,
      phone: details.phone ?? null,
      tax_id: null,
    },
    ...(card.brand === 'sepa_debit'
      ? { sepa_debit: debitDetails(card.number) }
      : { card: cardDetails(card, given, details) }),
    created,
    customer: null,
    customer_account: null,
    livemode: false,
    metadata: given.metadata ?? {},
    type: card.brand === 'sepa_debit' ? 'sepa_debit' : 'card',
  }
}

function cardDetails(
  card: Instrument,
  given: { expMonth: number; expYear: number },
  details: BillingDetails,
): NonNullable<PaymentMethod['card']> {
  return {
    brand: card.brand,
    checks: {
      address_line1_check: details.address?.line1 ? 'pass' : null,
      address_postal_code_check: details.address?.postal_code ? 'pass' : null,
      cvc_check: 'pass',
    },
    country: 'US',
    display_brand: card.brand,
    exp_month: given.expMonth,
    exp_year: given.expYear,
    fingerprint: fingerprint(card.number),
    funding: 'credit',
    generated_from: null,
    last4: card.number.slice(-4),
    networks: { available: [card.brand], preferred: null },
    regulated_status: 'unregulated',
    three_d_secure_usage: { supported: true },
    wallet: null,
  }
}

function debitDetails(iban: string): NonNullable<PaymentMethod['sepa_debit']> {
  return {
    bank_code: iban.slice(4, 9),
    branch_code: null,
    country: iban.slice(0, 2),
    fingerprint: fingerprint(iban),
    generated_from: { charge: null, setup_attempt: null },
    last4: iban.slice(-4),
  }
}

/** The same card has the same fingerprint for every customer. */
function fingerprint(number: string): string {
  return Buffer.from(number).toString('base64url').replaceAll(/[-_]/g, '0').slice(-16).padStart(16, '0')
}

export function newPaymentIntent(
  created: number,
  given: Partial<PaymentIntent> & { amount: number; currency: string },
): PaymentIntent {
  const id = newId('pi')
  return {
    id,
    object: 'payment_intent',
    allowed_payment_method_types: null,
    amount_capturable: 0,
    amount_details: { tip: {} },
    amount_received: 0,
    application: null,
    application_fee_amount: null,
    automatic_payment_methods: null,
    canceled_at: null,
    cancellation_reason: null,
    capture_method: 'automatic',
    client_secret: `${id}_secret_${randomText(25)}`,
    confirmation_method: 'automatic',
    created,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    last_payment_error: null,
    latest_charge: null,
    livemode: false,
    managed_payments: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {
      card: { installments: null, mandate_options: null, network: null, request_three_d_secure: 'automatic' },
    },
    payment_method_types: ['card'],
    payment_record: null,
    processing: null,
    receipt_email: null,
    review: null,
    setup_future_usage: null,
    shipping: null,
    source: null,
    statement_descriptor: null,
    statement_descriptor_suffix: null,
    status: 'requires_payment_method',
    transfer_data: null,
    transfer_group: null,
    ...given,
  }
}

export function newSetupIntent(created: number, given: Partial<SetupIntent>): SetupIntent {
  const id = newId('seti')
  return {
    id,
    object: 'setup_intent',
    allowed_payment_method_types: null,
    application: null,
    automatic_payment_methods: null,
    cancellation_reason: null,
    client_secret: `${id}_secret_${randomText(25)}`,
    created,
    customer: null,
    customer_account: null,
    description: null,
    excluded_payment_method_types: null,
    flow_directions: null,
    last_setup_error: null,
    latest_attempt: null,
    livemode: false,
    managed_payments: null,
    mandate: null,
    metadata: {},
    next_action: null,
    on_behalf_of: null,
    payment_method: null,
    payment_method_configuration_details: null,
    payment_method_options: {},
    payment_method_types: ['card'],
    single_use_mandate: null,
    status: 'requires_payment_method',
    usage: 'off_session',
    ...given,
  }
}
