import { invalidRequest, missingParameter } from '../core/errors.ts'
import { emit } from '../core/events.ts'
import { find, liveCustomer } from '../core/lookup.ts'
import type { PortalConfiguration, PortalSession } from '../core/shapes.ts'
import type { World } from '../core/world.ts'
import { newPortalConfiguration, newPortalSession } from '../objects/portal.ts'
import { endpoint, listEndpoint, retrieveEndpoint } from '../http/endpoint.ts'
import {
  atLeast,
  emptyable,
  flag,
  hash,
  ignored,
  list,
  mergeMetadata,
  metadata,
  oneOf,
  required,
  text,
} from '../http/params.ts'
import type { Values } from '../http/params.ts'
import { prorationBehavior } from './subscription-params.ts'

const features = hash({
  customer_update: hash({
    enabled: flag,
    allowed_updates: emptyable(list(oneOf('address', 'email', 'name', 'phone', 'shipping', 'tax_id'))),
  }),
  invoice_history: hash({ enabled: required(flag) }),
  payment_method_update: hash({ enabled: required(flag), payment_method_configuration: text }),
  subscription_cancel: hash({
    enabled: flag,
    mode: oneOf('at_period_end', 'immediately'),
    proration_behavior: prorationBehavior,
    cancellation_reason: hash({ enabled: flag, options: emptyable(list(text)), feedback_options: ignored }),
  }),
  subscription_pause: ignored,
  subscription_update: hash({
    enabled: flag,
    billing_cycle_anchor: oneOf('now', 'unchanged'),
    default_allowed_updates: emptyable(list(oneOf('price', 'promotion_code', 'quantity'))),
    products: emptyable(
      list(hash({ product: required(text), prices: required(list(text)), adjustable_quantity: ignored })),
    ),
    proration_behavior: prorationBehavior,
    schedule_at_period_end: ignored,
    trial_update_behavior: oneOf('continue_trial', 'end_trial'),
  }),
})
const fields = {
  business_profile: hash({ headline: emptyable(text), privacy_policy_url: text, terms_of_service_url: text }),
  default_return_url: emptyable(text),
  features,
  login_page: ignored,
  metadata,
  name: emptyable(text),
}

/** The features after an update, merged one by one. */
function merge(
  before: PortalConfiguration['features'],
  wanted: Record<string, unknown> = {},
): PortalConfiguration['features'] {
  const merged = Object.entries(before).map(
    ([name, settings]) => [name, { ...settings, ...(wanted[name] as object | undefined) }] as const,
  )
  const next = Object.fromEntries(merged) as unknown as PortalConfiguration['features']
  const products =
    next.subscription_update.products?.map((product) => ({
      ...product,
      adjustable_quantity: { enabled: false, maximum: null, minimum: 1 },
    })) ?? null
  return { ...next, subscription_update: { ...next.subscription_update, products } }
}

export const portalConfigurations = [
  endpoint('POST /v1/billing_portal/configurations', fields, ({ world, params }) => {
    const plain = newPortalConfiguration(world.clock.now(), {
      default_return_url: params.default_return_url ?? null,
      metadata: params.metadata ?? {},
      name: params.name ?? null,
      business_profile: {
        headline: null,
        privacy_policy_url: null,
        terms_of_service_url: null,
        ...params.business_profile,
      },
    })
    const row = world.tables.portalConfigurations.insert({
      ...plain,
      features: merge(plain.features, params.features),
    })
    emit(world, 'billing_portal.configuration.created', row)
    return row
  }),
  retrieveEndpoint('GET /v1/billing_portal/configurations/:id', 'portalConfigurations'),
  endpoint('POST /v1/billing_portal/configurations/:id', { ...fields, active: flag }, ({ world, id, params }) => {
    const before = find(world.tables.portalConfigurations, id)
    const { features: wanted, metadata: pairs, login_page: _l, business_profile, ...plain } = params
    const after = world.tables.portalConfigurations.update(id, {
      ...plain,
      ...(business_profile && { business_profile: { ...before.business_profile, ...business_profile } }),
      features: merge(before.features, wanted),
      metadata: mergeMetadata(before.metadata ?? {}, pairs),
      updated: world.clock.now(),
    })
    emit(world, 'billing_portal.configuration.updated', after, before)
    return after
  }),
  listEndpoint('GET /v1/billing_portal/configurations', 'portalConfigurations', { active: flag, is_default: flag }),
]

const flowShape = {
  type: required(
    oneOf(
      'customer_update',
      'payment_method_update',
      'subscription_cancel',
      'subscription_update',
      'subscription_update_confirm',
    ),
  ),
  after_completion: hash({
    type: required(oneOf('hosted_confirmation', 'portal_homepage', 'redirect')),
    redirect: hash({ return_url: required(text) }),
    hosted_confirmation: hash({ custom_message: text }),
  }),
  subscription_cancel: hash({ subscription: required(text), retention: ignored }),
  subscription_update: hash({ subscription: required(text) }),
  subscription_update_confirm: hash({
    subscription: required(text),
    items: required(list(hash({ id: required(text), price: text, quantity: atLeast(0) }))),
    discounts: list(hash({ coupon: text, promotion_code: text })),
  }),
}
const flow = hash(flowShape)

export const portalSessions = [
  endpoint(
    'POST /v1/billing_portal/sessions',
    {
      customer: required(text),
      configuration: text,
      flow_data: flow,
      locale: text,
      on_behalf_of: text,
      return_url: text,
    },
    ({ world, params }) => {
      const customer = liveCustomer(world, params.customer)
      const configuration = params.configuration
        ? find(world.tables.portalConfigurations, params.configuration, 'configuration')
        : defaultConfiguration(world)
      const { type, after_completion: after, ...details }: Partial<Values<typeof flowShape>> = params.flow_data ?? {}
      const target = details.subscription_cancel ?? details.subscription_update ?? details.subscription_update_confirm
      if (type && type.startsWith('subscription') && !target) throw missingParameter(`flow_data[${type}]`)
      const subscription =
        target && find(world.tables.subscriptions, target.subscription, `flow_data[${type}][subscription]`)
      if (subscription && subscription.customer !== customer.id)
        throw invalidRequest('The subscription does not belong to this customer.', `flow_data[${type}][subscription]`)
      for (const { id: item } of details.subscription_update_confirm?.items ?? [])
        if (!subscription?.items.data.some(({ id }) => id === item))
          throw invalidRequest(
            `No such subscription item: '${item}'`,
            'flow_data[subscription_update_confirm][items][0][id]',
            'resource_missing',
          )
      const row: PortalSession['flow'] = type
        ? {
            after_completion: {
              hosted_confirmation: after?.hosted_confirmation
                ? { custom_message: after.hosted_confirmation.custom_message ?? null }
                : null,
              redirect: after?.redirect ?? null,
              type: after?.type ?? 'portal_homepage',
            },
            customer_update: null,
            subscription_cancel: details.subscription_cancel
              ? { retention: null, subscription: details.subscription_cancel.subscription }
              : null,
            subscription_pause: null,
            subscription_update: details.subscription_update
              ? { subscription: details.subscription_update.subscription }
              : null,
            subscription_update_confirm: details.subscription_update_confirm
              ? {
                  discounts:
                    details.subscription_update_confirm.discounts?.map(({ coupon = null, promotion_code = null }) => ({
                      coupon,
                      promotion_code,
                    })) ?? null,
                  items: details.subscription_update_confirm.items.map(({ id, price = null, quantity }) => ({
                    id,
                    price:
                      price &&
                      find(world.tables.prices, price, 'flow_data[subscription_update_confirm][items][0][price]').id,
                    ...(quantity !== undefined && { quantity }),
                  })),
                  subscription: details.subscription_update_confirm.subscription,
                }
              : null,
            type,
          }
        : null
      const session = world.tables.portalSessions.insert(
        newPortalSession(
          world.now(customer.id),
          {
            configuration: configuration.id,
            customer: customer.id,
            flow: row,
            return_url: params.return_url ?? configuration.default_return_url,
            locale: params.locale ?? null,
          },
          world.baseUrl,
        ),
      )
      emit(world, 'billing_portal.session.created', session)
      return session
    },
  ),
]

/** The default configuration, which always exists here; at Stripe it has to be saved first. */
export function defaultConfiguration(world: World): PortalConfiguration {
  const known = world.tables.portalConfigurations.filter((row) => row.is_default)[0]
  return (
    known ?? world.tables.portalConfigurations.insert(newPortalConfiguration(world.clock.now(), { is_default: true }))
  )
}
