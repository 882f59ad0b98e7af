import type { User } from '#models/user.server.ts'
import { config } from '../../config.server.ts'
import { appTag, callStripe, isOurs, listAll } from '../stripe/client.server.ts'
import { withDeadline } from '../stripe/deadline.server.ts'
import { ensureCustomer } from './stripe-customer.server.ts'

let configuration: { account: string; id: string } | null = null

/**
 * Opens Stripe's customer portal for card, address and invoices.
 * @param options `updateCard`: opens on the card right away, after a failed payment
 * @returns where to send the browser
 * @throws StripeUnavailable
 */
export function createPortalSession(
  user: Pick<User, '_id'>,
  { updateCard = false }: { updateCard?: boolean } = {},
): Promise<{ url: string }> {
  return withDeadline(async () => {
    const customer = await ensureCustomer(user)
    const configuration = await ensurePortal()
    const return_url = `${config().appUrl}/billing`
    // The return page shows whether the open payment went through.
    const after_completion = { type: 'redirect', redirect: { return_url: `${return_url}/card-saved` } } as const
    const flow = updateCard && { flow_data: { type: 'payment_method_update' as const, after_completion } }
    return callStripe((stripe) =>
      stripe.billingPortal.sessions.create({ customer, configuration, return_url, ...flow }),
    )
  })
}

/**
 * The portal configuration, tagged as ours and created once. It offers no plan changes, because only Scrip shows what
 * they do to the credits.
 * @returns the configuration's id
 */
export async function ensurePortal(): Promise<string> {
  const { secretKey, apiBase } = config().stripe
  const account = `${secretKey} ${apiBase ?? ''}`
  if (configuration?.account === account) return configuration.id
  const { id } = (await findPortal()) ?? (await createPortal())
  configuration = { account, id }
  return id
}

/** @returns the portal configuration, or null if there is none */
export async function findPortal(): Promise<{ id: string } | null> {
  const all = await listAll((stripe) => stripe.billingPortal.configurations.list({ active: true, limit: 100 }))
  return all.find(({ metadata }) => isOurs(metadata)) ?? null
}

function createPortal(): Promise<{ id: string }> {
  return callStripe((stripe) =>
    stripe.billingPortal.configurations.create(
      {
        metadata: { app: appTag() },
        business_profile: { headline: 'Your card, your address and your invoices' },
        default_return_url: `${config().appUrl}/billing`,
        features: {
          payment_method_update: { enabled: true },
          invoice_history: { enabled: true },
          customer_update: { enabled: true, allowed_updates: ['email', 'name', 'address', 'tax_id'] },
          subscription_cancel: {
            enabled: true,
            mode: 'at_period_end',
            cancellation_reason: {
              enabled: true,
              options: ['too_expensive', 'unused', 'missing_features', 'switched_service', 'other'],
            },
          },
        },
      },
      { idempotencyKey: 'portal-configuration:1' },
    ),
  )
}
