import { DAY } from '../core/clock.ts'
import { invalidRequest } from '../core/errors.ts'
import { newId, randomText } from '../core/ids.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { CheckoutSession, Price } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import type { CheckoutOrder } from '../billing/checkout-order.ts'
import { expireSession } from '../billing/checkout.ts'
import { checkoutTotals, withTotals } from '../billing/checkout-totals.ts'
import { resolveDiscount } from '../billing/discounts.ts'
import { commonCadence } from '../billing/subscribe.ts'
import { newCheckoutSession } from '../objects/checkout.ts'
import { endpoint, listEndpoint, within } from '../http/endpoint.ts'
import {
  address,
  atLeast,
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
import type { Values } from '../http/params.ts'
import { fullAddress } from './customers.ts'
import { priceData, priceFromData } from './catalogue.ts'

const lineItem = hash({
  adjustable_quantity: hash({ enabled: required(flag), maximum: atLeast(1), minimum: atLeast(0) }),
  metadata,
  price: text,
  price_data: priceData,
  quantity: atLeast(1),
  tax_rates: ignored,
})

const create = {
  adaptive_pricing: ignored,
  after_expiration: ignored,
  allow_promotion_codes: flag,
  automatic_tax: hash({ enabled: required(flag), liability: ignored }),
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
  expires_at: integer,
  invoice_creation: hash({ enabled: required(flag), invoice_data: ignored }),
  line_items: list(lineItem),
  locale: text,
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
    shipping: hash({ address: required(address), name: required(text), phone: text, carrier: text, tracking_number: text }),
  }),
  payment_method_collection: oneOf('always', 'if_required'),
  payment_method_options: ignored,
  payment_method_types: list(text),
  phone_number_collection: hash({ enabled: required(flag) }),
  redirect_on_completion: text,
  return_url: text,
  saved_payment_method_options: ignored,
  setup_intent_data: ignored,
  submit_type: oneOf('auto', 'book', 'donate', 'pay', 'subscribe'),
  subscription_data: hash({
    billing_cycle_anchor: integer,
    billing_mode: ignored,
    description: text,
    default_tax_rates: ignored,
    invoice_settings: ignored,
    metadata,
    proration_behavior: oneOf('create_prorations', 'none'),
    trial_end: integer,
    trial_period_days: atLeast(1),
    trial_settings: hash({
      end_behavior: required(hash({ missing_payment_method: required(oneOf('cancel', 'create_invoice', 'pause')) })),
    }),
  }),
  success_url: text,
  tax_id_collection: hash({ enabled: required(flag), required: text }),
  ui_mode: oneOf('hosted_page', 'hosted'),
  wallet_options: ignored,
}

type CreateParams = Values<typeof create>

export const checkoutSessions = [
  endpoint('POST /v1/checkout/sessions', create, ({ world, params }) => {
    const mode = params.mode ?? 'payment'
    if (!params.success_url && !params.return_url)
      throw invalidRequest('Missing required param: success_url.', 'success_url', 'parameter_missing')
    for (const field of ['success_url', 'cancel_url'] as const)
      if (params[field] !== undefined && !/^https?:\/\//.test(params[field]))
        throw invalidRequest('Not a valid URL', field, 'url_invalid')
    if (params.customer && params.customer_email)
      throw invalidRequest('You may only specify one of these parameters: customer, customer_email.', 'customer')
    if (params.customer_creation && mode === 'subscription')
      throw invalidRequest('You can only use `customer_creation` in `payment` and `setup` mode.', 'customer_creation')
    if (params.allow_promotion_codes && params.discounts)
      throw invalidRequest(
        'You may only specify one of these parameters: allow_promotion_codes, discounts.',
        'allow_promotion_codes',
      )
    if (params.customer_update && !params.customer)
      throw invalidRequest('`customer_update` can only be used with `customer`.', 'customer_update')
    const customer = params.customer ? liveCustomer(world, params.customer) : null
    const now = world.now(customer?.id)
    if (params.expires_at !== undefined && (params.expires_at < now + 30 * 60 || params.expires_at > now + DAY))
      throw invalidRequest(
        'The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation and at most 24 hours.',
        'expires_at',
      )
    const order = orderOf(world, params, `cs_test_a1${randomText(58)}`, mode)
    const session = sessionOf(world, params, order, mode, now)
    world.tables.checkoutOrders.insert(order)
    const priced = world.tables.checkoutSessions.insert(withTotals(world, session, order))
    if (
      mode === 'payment' &&
      priced.amount_total !== null &&
      priced.amount_total > 0 &&
      priced.amount_total < 50 &&
      priced.currency === 'usd'
    )
      throw invalidRequest(
        "The Checkout Session's total amount due must add up to at least $0.50 usd",
        undefined,
        'amount_too_small',
      )
    return priced
  }),
  endpoint('GET /v1/checkout/sessions/:id', {}, ({ world, id }) => find(world.tables.checkoutSessions, id)),
  endpoint('POST /v1/checkout/sessions/:id', { metadata }, ({ world, id, params }) => {
    const before = find(world.tables.checkoutSessions, id)
    return world.tables.checkoutSessions.update(id, { metadata: mergeMetadata(before.metadata ?? {}, params.metadata) })
  }),
  endpoint('POST /v1/checkout/sessions/:id/expire', {}, ({ world, id }) =>
    expireSession(world, find(world.tables.checkoutSessions, id)),
  ),
  endpoint(
    'GET /v1/checkout/sessions/:id/line_items',
    { limit: integer, starting_after: text, ending_before: text },
    ({ world, id }) => {
      const session = find(world.tables.checkoutSessions, id)
      const order = world.tables.checkoutOrders.get(id)!
      return {
        object: 'list',
        data: checkoutTotals(world, session, order).items,
        has_more: false,
        url: `/v1/checkout/sessions/${id}/line_items`,
      }
    },
  ),
  listEndpoint(
    'GET /v1/checkout/sessions',
    (world) => world.tables.checkoutSessions,
    {
      created: range,
      customer: text,
      customer_details: hash({ email: text }),
      payment_intent: text,
      status: oneOf('complete', 'expired', 'open'),
      subscription: text,
    },
    (row, { params }) =>
      (!params.customer || row.customer === params.customer) &&
      (!params.payment_intent || row.payment_intent === params.payment_intent) &&
      (!params.subscription || row.subscription === params.subscription) &&
      (!params.status || row.status === params.status) &&
      within(row.created, params.created),
  ),
]

/** What is ordered, with every price found and fit for the mode. */
function orderOf(world: World, params: CreateParams, id: string, mode: string): CheckoutOrder {
  const items = (params.line_items ?? []).map((item, index) => {
    const path = `line_items[${index}]`
    if (!item.price && !item.price_data)
      throw invalidRequest(`Missing required param: ${path}[price].`, `${path}[price]`, 'parameter_missing')
    const price = item.price
      ? find(world.tables.prices, item.price, `${path}[price]`)
      : priceFromData(world, item.price_data!, `${path}[price_data]`)
    if (item.price && !price.active)
      throw invalidRequest(`The price specified is inactive. This field only accepts active prices.`, `${path}[price]`)
    if (mode === 'payment' && price.recurring)
      throw invalidRequest(
        'You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.',
        `${path}[price]`,
      )
    if (item.quantity === undefined && !item.adjustable_quantity)
      throw invalidRequest('Quantity is required. Add `quantity` to `' + path + '`', path)
    const { minimum = 0, maximum = 99 } = item.adjustable_quantity ?? {}
    return {
      id: newId('li'),
      price: price.id,
      quantity: item.quantity ?? 1,
      adjustable: item.adjustable_quantity?.enabled ? { minimum, maximum } : null,
      metadata: item.metadata ?? {},
    }
  })
  checkItems(world, items, mode)
  const discounts = params.discounts ?? []
  for (const discount of discounts) resolveDiscount(world, discount, params.customer ?? null)
  const {
    metadata: subscriptionMetadata,
    trial_period_days,
    trial_end,
    trial_settings,
    description,
    billing_cycle_anchor,
  } = params.subscription_data ?? {}
  if (params.subscription_data && mode !== 'subscription')
    throw invalidRequest('You can not pass `subscription_data` in `payment` mode.', 'subscription_data')
  if (params.payment_intent_data && mode !== 'payment')
    throw invalidRequest('You can not pass `payment_intent_data` in `subscription` mode.', 'payment_intent_data')
  const paymentData = params.payment_intent_data ?? {}
  return {
    id,
    items,
    discounts,
    subscriptionData: {
      metadata: subscriptionMetadata ?? {},
      description,
      trialDays: trial_period_days,
      trialEnd: trial_end,
      billingCycleAnchor: billing_cycle_anchor,
      ...(trial_settings && {
        trialSettings: { end_behavior: { billing_cycle_anchor: null, ...trial_settings.end_behavior } },
      }),
    },
    paymentData: {
      metadata: paymentData.metadata ?? {},
      description: paymentData.description,
      receiptEmail: paymentData.receipt_email,
      setupFutureUsage: paymentData.setup_future_usage,
      shipping: paymentData.shipping && { ...paymentData.shipping, address: fullAddress(paymentData.shipping.address) },
    },
    customerUpdate: { address: params.customer_update?.address, name: params.customer_update?.name },
    waiting: null,
  }
}

function checkItems(world: World, items: { price: string }[], mode: string): void {
  if (mode === 'setup') return
  if (items.length === 0) throw invalidRequest('Missing required param: line_items.', 'line_items', 'parameter_missing')
  const prices = items.map(({ price }) => world.tables.prices.get(price)!)
  const recurring = prices.filter((price): price is Price => price.recurring !== null)
  if (mode === 'subscription' && recurring.length === 0)
    throw invalidRequest(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      'line_items',
    )
  if (recurring.length > 0) commonCadence(recurring)
  if (prices.some(({ currency }) => currency !== prices[0]!.currency))
    throw invalidRequest('All prices must have the same currency.', 'line_items')
}

function sessionOf(
  world: World,
  params: CreateParams,
  order: CheckoutOrder,
  mode: 'payment' | 'setup' | 'subscription',
  now: number,
): CheckoutSession {
  const price = order.items[0] ? world.tables.prices.get(order.items[0].price)! : null
  const customer = params.customer ? world.tables.customers.get(params.customer)! : null
  const email = customer?.email ?? params.customer_email ?? null
  return newCheckoutSession(now, {
    id: order.id,
    mode,
    allow_promotion_codes: params.allow_promotion_codes ?? null,
    automatic_tax: {
      enabled: params.automatic_tax?.enabled ?? false,
      liability: params.automatic_tax?.enabled ? { type: 'self' } : null,
      provider: params.automatic_tax?.enabled ? 'stripe' : null,
      status: params.automatic_tax?.enabled
        ? customer?.address?.country
          ? 'complete'
          : 'requires_location_inputs'
        : null,
    },
    billing_address_collection: params.billing_address_collection ?? null,
    cancel_url: params.cancel_url ?? null,
    client_reference_id: params.client_reference_id ?? null,
    currency: price?.currency ?? params.currency ?? null,
    customer: customer?.id ?? null,
    customer_creation:
      mode === 'payment'
        ? customer
          ? null
          : (params.customer_creation ?? 'if_required')
        : mode === 'subscription' && !customer
          ? 'always'
          : null,
    customer_details: email
      ? {
          address: null,
          business_name: null,
          email,
          individual_name: null,
          name: null,
          phone: null,
          tax_exempt: 'none',
          tax_ids: null,
        }
      : null,
    customer_email: params.customer_email ?? null,
    discounts: order.discounts.map(({ coupon = null, promotion_code = null }) => ({
      coupon: promotion_code ? null : coupon,
      promotion_code,
    })),
    expires_at: params.expires_at ?? now + DAY,
    invoice_creation:
      mode === 'payment'
        ? {
            enabled: params.invoice_creation?.enabled ?? false,
            invoice_data: {
              account_tax_ids: null,
              custom_fields: null,
              description: null,
              footer: null,
              issuer: null,
              metadata: {},
              rendering_options: null,
            },
          }
        : null,
    locale: params.locale ?? null,
    metadata: params.metadata ?? {},
    payment_method_collection: mode === 'subscription' ? (params.payment_method_collection ?? 'always') : 'if_required',
    phone_number_collection: { enabled: params.phone_number_collection?.enabled ?? false },
    submit_type: params.submit_type ?? null,
    success_url: params.success_url ?? null,
    url: `${world.baseUrl}/c/pay/${order.id}`,
  })
}
