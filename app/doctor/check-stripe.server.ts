import { findPortal } from '../billing/customers/billing-portal.server.ts'
import { callStripe, isLiveMode } from '../billing/stripe/client.server.ts'
import { machineNow } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { error, type Finding, ok } from './finding.ts'

/** Signatures of webhooks are taken within five minutes. */
const SKEW_MS = 2 * 60_000

/** Whether Stripe takes the key, and what is set up there beside prices and webhooks. */
export async function checkStripe(): Promise<Finding[]> {
  const { secretKey, apiBase } = config().stripe
  const { lastResponse } = await callStripe((stripe) => stripe.customers.list({ limit: 1 }))
  const date = Date.parse(lastResponse.headers.date ?? '')
  const where = apiBase ? `the sandbox at ${apiBase}` : `Stripe, in ${isLiveMode() ? 'live' : 'test'} mode`
  return [
    ok(`${secretKey.slice(0, 8)}… is taken by ${where}.`),
    ...(Number.isNaN(date) ? [] : [clock(date - machineNow().getTime())]),
    await portal(),
    ...(await tax()),
  ]
}

function clock(aheadMs: number): Finding {
  const minutes = Math.round(Math.abs(aheadMs) / 60_000)
  if (Math.abs(aheadMs) <= SKEW_MS) return ok("Stripe's clock and this machine's agree.")
  return error(`This machine's clock is ${minutes} minutes ${aheadMs > 0 ? 'behind' : 'ahead of'} Stripe's.`, {
    why: 'Webhooks are refused as signed too long ago, and payments bring no credits until reconcile finds them.',
    mend: 'Synchronise the clock of this machine (NTP).',
  })
}

async function portal(): Promise<Finding> {
  const isThere = (await findPortal()) !== null
  return ok(
    isThere ? 'The customer portal is set up.' : 'The customer portal is set up when the first customer opens it.',
  )
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
