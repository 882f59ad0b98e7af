/** `npm run stripe:setup`: creates missing products and prices in the Stripe account of STRIPE_SECRET_KEY. */
import { DomainError } from '#app/domain-error.ts'
import { joinInstallation, readEnvironment } from './local/environment.mjs'

readEnvironment()
joinInstallation()
// Imported here, because these modules read the environment when they load, and it is complete only now.
const { ensurePortal } = await import('#app/billing/customers/billing-portal.server.ts')
const { ensurePrices } = await import('#app/billing/catalog/ensure-prices.server.ts')
const { config, InvalidConfig } = await import('#app/config.server.ts')
try {
  const { secretKey, apiBase } = config().stripe
  const mode = secretKey.includes('_live_') ? 'live' : 'test'
  console.log(`Stripe account of ${secretKey.slice(0, 8)}… (${mode} mode${apiBase ? `, at ${apiBase}` : ''})`)
  for (const { name, priceId, done } of await ensurePrices()) console.log(`  ${name}: ${priceId} (${done})`)
  console.log(`  Customer portal: ${await ensurePortal()}`)
  console.log('Stripe now matches the plan file. Add this webhook endpoint at Stripe:')
  console.log(`  ${config().appUrl}/api/webhook`)
} catch (error) {
  // Expected errors need only their message; others are thrown with their stack.
  if (!(error instanceof DomainError || error instanceof InvalidConfig)) throw error
  console.error(error.message)
  process.exitCode = 1
}
