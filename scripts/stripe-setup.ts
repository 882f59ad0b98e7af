/** `npm run stripe:setup`: creates what is missing of products and prices in the Stripe account of STRIPE_SECRET_KEY. */
import { ensurePortal } from '#app/billing/portal.server.ts'
import { ensurePrices } from '#app/billing/prices.server.ts'
import { config } from '#app/config.server.ts'

const { secretKey, apiBase } = config().stripe
const mode = secretKey.includes('_live_') ? 'live' : 'test'
console.log(`Stripe account of ${secretKey.slice(0, 8)}… (${mode} mode${apiBase ? `, at ${apiBase}` : ''})`)
for (const { name, priceId, done } of await ensurePrices()) console.log(`  ${name}: ${priceId} (${done})`)
console.log(`  Customer portal: ${await ensurePortal()}`)
console.log('The plan file and Stripe say the same. Webhook endpoint to enter at Stripe:')
console.log(`  ${config().appUrl}/api/webhook`)
