import { afterAll, beforeAll } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { ensurePrices } from '#app/billing/catalog/ensure-prices.server.ts'
import { forgetPrices } from '#app/billing/catalog/prices.server.ts'
import { forgetCoupons } from '#app/billing/upcoming-invoice/coupons.server.ts'
import { startStripeSandbox } from '#sandbox/stripe/server.ts'
import type { StripeSandbox } from '#sandbox/stripe/server.ts'
import Stripe from 'stripe'

export const WEBHOOK_SECRET = 'whsec_test_billing_0123456789'
const SECRET_KEY = 'sk_test_billing_0123456789abcdefghij'

export interface StripeForTests {
  sandbox: StripeSandbox
  /** The SDK, for what happens at Stripe itself. */
  stripe: Stripe
}

/** Call at the top of a test file: its own Stripe, which the app under test uses. */
export function useStripe(): StripeForTests {
  const context = {} as StripeForTests
  beforeAll(async () => {
    process.env.STRIPE_SECRET_KEY = SECRET_KEY
    process.env.STRIPE_WEBHOOK_SECRET = WEBHOOK_SECRET
    process.env.APP_URL = 'http://localhost:3000'
    await startStripe(context)
  })
  afterAll(async () => {
    await context.sandbox.close()
    for (const name of ['STRIPE_API_BASE', 'STRIPE_SECRET_KEY', 'STRIPE_WEBHOOK_SECRET', 'APP_URL'])
      delete process.env[name]
    resetConfig()
  })
  return context
}

/** Replaces the Stripe of before with a new one that has only prices. */
export async function freshStripe(context: StripeForTests): Promise<void> {
  await context.sandbox.close()
  await startStripe(context)
}

async function startStripe(context: StripeForTests): Promise<void> {
  context.sandbox = await startStripeSandbox()
  const { port, url } = context.sandbox
  context.stripe = new Stripe(SECRET_KEY, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 })
  process.env.STRIPE_API_BASE = url
  resetConfig()
  forgetPrices()
  forgetCoupons()
  await ensurePrices()
}
