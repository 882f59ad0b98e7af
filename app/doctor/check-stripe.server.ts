import { findPortal } from '../billing/customers/billing-portal.server.ts'
import { callStripe, isLiveMode } from '../billing/stripe/client.server.ts'
import { machineNow } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { error, type Finding, ok } from './finding.ts'

/** Webhook signatures are valid for five minutes. */
const SKEW_MS = 2 * 60_000

/** Whether Stripe accepts the key, and what is set up there beside prices and webhooks. */
export async function checkStripe(): Promise<Finding[]> {
  const { secretKey, apiBase } = config().stripe
  const { lastResponse } = await callStripe((stripe) => stripe.customers.list({ limit: 1 }))
  const date = Date.parse(lastResponse.headers.date ?? '')
  const where = apiBase ? `the sandbox at ${apiBase}` : `Stripe, in ${isLiveMode() ? 'live' : 'test'} mode`
  return [
    ok(`${secretKey.slice(0, 8)}… is accepted by ${where}.`),
    ...(Number.isNaN(date) ? [] : [clock(date - machineNow().getTime())]),
    await portal(),
    ...(await tax()),
  ]
}

function clock(aheadMs: number): Finding {
  const minutes = Math.round(Math.abs(aheadMs) / 60_000)
  if (Math.abs(aheadMs) <= SKEW_MS) return ok("Stripe's clock and this machine's clock agree.")
  return error(`This machine's clock is ${minutes} minutes ${aheadMs > 0 ? 'behind' : 'ahead of'} Stripe's.`, {
    why: 'Webhooks are refused because their signatures look too old, and payments add no credits until reconcile finds them.',
    mend: 'Synchronize the clock of this machine (NTP).',
  })
}

async function portal(): Promise<Finding> {
  const isSetUp = (await findPortal()) !== null
  return ok(`The customer portal is set up${isSetUp ? '' : ' when the first customer opens it'}.`)
}

async function tax(): Promise<Finding[]> {
  const { automaticTax, apiBase } = config().stripe
  if (!automaticTax || apiBase) return []
  const { status } = await callStripe((stripe) => stripe.tax.settings.retrieve())
  if (status === 'active') return [ok('Stripe Tax is active.')]
  return [
    error(`STRIPE_AUTOMATIC_TAX is ${automaticTax}, and Stripe Tax is not active.`, {
      why: 'Stripe refuses every checkout.',
      mend: 'Complete the settings of Stripe Tax in the dashboard: head office, preset tax code, registrations.',
    }),
  ]
}
