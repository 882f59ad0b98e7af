import { newId, randomText } from '../core/ids.ts'
import type { PortalConfiguration, PortalSession } from '../core/shapes.ts'

type Features = PortalConfiguration['features']

export function newPortalConfiguration(
  created: number,
  given: Partial<PortalConfiguration> = {},
  features: Partial<Features> = {},
): PortalConfiguration {
  return {
    id: newId('bpc'),
    object: 'billing_portal.configuration',
    active: true,
    application: null,
    business_profile: { headline: null, privacy_policy_url: null, terms_of_service_url: null },
    created,
    default_return_url: null,
    is_default: false,
    livemode: false,
    login_page: { enabled: false, url: null },
    metadata: {},
    name: null,
    updated: created,
    ...given,
    features: {
      customer_update: { allowed_updates: ['email', 'address', 'name'], enabled: true },
      invoice_history: { enabled: true },
      payment_method_update: { enabled: true, payment_method_configuration: null },
      subscription_cancel: {
        cancellation_reason: {
          enabled: true,
          feedback_options: null,
          options: [
            'too_expensive',
            'missing_features',
            'switched_service',
            'unused',
            'customer_service',
            'too_complex',
            'low_quality',
            'other',
          ],
        },
        enabled: true,
        mode: 'at_period_end',
        proration_behavior: 'none',
      },
      subscription_pause: { duration: { interval_options: [], type: 'indefinite' }, enabled: false },
      subscription_update: {
        billing_cycle_anchor: null,
        default_allowed_updates: ['price'],
        enabled: true,
        products: null,
        proration_behavior: 'always_invoice',
        schedule_at_period_end: { conditions: [] },
        trial_update_behavior: 'end_trial',
      },
      ...features,
    },
  }
}

export function newPortalSession(
  created: number,
  given: Partial<PortalSession> & { configuration: string; customer: string },
  baseUrl: string,
): PortalSession {
  return {
    id: newId('bps'),
    object: 'billing_portal.session',
    after_expiration: null,
    created,
    customer_account: null,
    flow: null,
    livemode: false,
    locale: null,
    on_behalf_of: null,
    return_url: null,
    url: `${baseUrl}/p/session/test_${randomText(40)}`,
    ...given,
  }
}
