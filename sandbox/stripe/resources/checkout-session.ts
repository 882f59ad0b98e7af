import { DAY } from '../core/clock.ts'
import { invalidRequest, missingParameter } from '../core/errors.ts'
import { newId } from '../core/ids.ts'
import { find } from '../core/lookup.ts'
import type { CheckoutSession, Price } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import type { CheckoutOrder } from '../core/rows.ts'
import { modeOfNew } from '../billing/subscriptions/billing-mode.ts'
import { resolveDiscount } from '../billing/invoices/discounts.ts'
import { requireCompatiblePrices } from '../billing/subscriptions/billing-interval.ts'
import { newCheckoutSession } from '../objects/checkout.ts'
import { fullAddress } from './customers.ts'
import { priceFromData } from './price-data.ts'
import type { CreateParams } from './checkout-params.ts'

/** The order, after checking that every price exists and fits the mode. */
export function orderOf(
  world: World,
  params: CreateParams,
  { id, mode, version }: { id: string; mode: string; version: string },
): CheckoutOrder {
  const items = (params.line_items ?? []).map((item, index) => {
    const path = `line_items[${index}]`
    if (!item.price && !item.price_data) throw missingParameter(`${path}[price]`)
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
    billing_mode,
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
      billingMode: modeOfNew(billing_mode, version, 'subscription_data[billing_mode]'),
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
  if (items.length === 0) throw missingParameter('line_items')
  const prices = items.map(({ price }) => world.tables.prices.get(price)!)
  const recurring = prices.filter((price): price is Price => price.recurring !== null)
  if (mode === 'subscription' && recurring.length === 0)
    throw invalidRequest(
      'You must provide at least one recurring price in `subscription` mode when using prices.',
      'line_items',
    )
  if (recurring.length > 0) requireCompatiblePrices(recurring)
  if (prices.some(({ currency }) => currency !== prices[0]!.currency))
    throw invalidRequest('All prices must have the same currency.', 'line_items')
}

/** The session as it is created. */
export function sessionOf(
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
    currency: params.currency ?? price?.currency ?? null,
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
    allowed_payment_method_types: params.allowed_payment_method_types ?? null,
    payment_method_types: params.allowed_payment_method_types ?? params.payment_method_types ?? ['card'],
    submit_type: params.submit_type ?? null,
    tax_id_collection: {
      enabled: params.tax_id_collection?.enabled ?? false,
      required: params.tax_id_collection?.required ?? 'never',
    },
    success_url: params.success_url ?? null,
    url: `${world.baseUrl}/c/pay/${order.id}`,
  })
}
