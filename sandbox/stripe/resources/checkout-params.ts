import {
  address,
  atLeast,
  flag,
  hash,
  ignored,
  integer,
  list,
  metadata,
  oneOf,
  required,
  text,
} from '../http/params.ts'
import type { Values } from '../http/params.ts'
import { priceData } from './price-data.ts'
import { automaticTax, billingMode, trialSettings } from './subscription-params.ts'

const LOCALES = (
  'bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt nb nl pl pt pt-BR ro ru ' +
  'sk sl sv th tr vi zh zh-HK zh-TW'
).split(' ')

const lineItem = hash({
  adjustable_quantity: hash({ enabled: required(flag), maximum: atLeast(1), minimum: atLeast(0) }),
  metadata,
  price: text,
  price_data: priceData,
  quantity: atLeast(1),
  tax_rates: ignored,
})

/** The parameters of `POST /v1/checkout/sessions`. */
export const create = {
  adaptive_pricing: ignored,
  after_expiration: ignored,
  allow_promotion_codes: flag,
  allowed_payment_method_types: list(text),
  automatic_tax: automaticTax,
  billing_address_collection: oneOf('auto', 'required'),
  branding_settings: ignored,
  cancel_url: text,
  client_reference_id: text,
  consent_collection: ignored,
  currency: text,
  custom_fields: ignored,
  custom_text: hash({
    after_submit: ignored,
    shipping_address: ignored,
    submit: ignored,
    terms_of_service_acceptance: ignored,
  }),
  customer: text,
  customer_creation: oneOf('always', 'if_required'),
  customer_email: text,
  customer_update: hash({
    address: oneOf('auto', 'never'),
    name: oneOf('auto', 'never'),
    shipping: oneOf('auto', 'never'),
  }),
  discounts: list(hash({ coupon: text, promotion_code: text })),
  excluded_payment_method_types: list(text),
  expires_at: integer,
  integration_identifier: text,
  invoice_creation: hash({ enabled: required(flag), invoice_data: ignored }),
  line_items: list(lineItem),
  locale: oneOf('auto', ...LOCALES),
  metadata,
  mode: oneOf('payment', 'setup', 'subscription'),
  name_collection: ignored,
  payment_intent_data: hash({
    description: text,
    metadata,
    receipt_email: text,
    setup_future_usage: oneOf('off_session', 'on_session'),
    statement_descriptor: text,
    capture_method: ignored,
    shipping: hash({
      address: required(address),
      name: required(text),
      phone: text,
      carrier: text,
      tracking_number: text,
    }),
  }),
  payment_method_collection: oneOf('always', 'if_required'),
  payment_method_options: ignored,
  payment_method_types: list(text),
  phone_number_collection: hash({ enabled: required(flag) }),
  origin_context: text,
  redirect_on_completion: text,
  return_url: text,
  saved_payment_method_options: ignored,
  setup_intent_data: ignored,
  submit_type: oneOf('auto', 'book', 'donate', 'pay', 'subscribe'),
  subscription_data: hash({
    billing_cycle_anchor: integer,
    billing_mode: billingMode,
    description: text,
    default_tax_rates: ignored,
    invoice_settings: ignored,
    metadata,
    proration_behavior: oneOf('create_prorations', 'none'),
    trial_end: integer,
    trial_period_days: atLeast(1),
    trial_settings: trialSettings,
  }),
  success_url: text,
  tax_id_collection: hash({ enabled: required(flag), required: oneOf('if_supported', 'never') }),
  ui_mode: oneOf('hosted_page', 'hosted'),
  wallet_options: ignored,
}

export type CreateParams = Values<typeof create>
