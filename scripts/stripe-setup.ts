/** `npm run stripe:setup`: creates what is missing of products and prices in the Stripe account of STRIPE_SECRET_KEY. */
import { ensurePortal } from '#app/billing/portal.server.ts'
import { ensurePrices } from '#app/billing/prices.server.ts'
import { config } from '#app/config.server.ts'
import { DomainError } from '#app/domain-error.ts'
import { joinInstallation, readEnvironment } from './local/environment.mjs'

readEnvironment()
joinInstallation()
const { secretKey, apiBase } = config().stripe
const mode = secretKey.includes('_live_') ? 'live' : 'test'
console.log(`Stripe account of ${secretKey.slice(0, 8)}… (${mode} mode${apiBase ? `, at ${apiBase}` : ''})`)
try {
  for (const { name, priceId, done } of await ensurePrices()) console.log(`  ${name}: ${priceId} (${done})`)
  console.log(`  Customer portal: ${await ensurePortal()}`)
  console.log('The plan file and Stripe say the same. The webhook endpoint to enter at Stripe:')
  console.log(`  ${config().appUrl}/api/webhook`)
} catch (error) {
  // Without an answer there is nothing to say beyond that; anything else is worth its stack.
  if (!(error instanceof DomainError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
