import { createServer, request as forward } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it } from 'vitest'
import { resetConfig } from '#app/config.server.ts'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import { StripeUnavailable } from '#app/billing/errors.ts'
import { UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { subscriber } from '../customers.ts'
import { aUser, creditsOf, Deliveries } from '../scenario.ts'
import { useStripe } from '../stripe.ts'

const context = useStripe()
useDatabase()
const deliveries = new Deliveries(context)

/**
 * A proxy in front of the sandbox that does what Stripe does when a POST fails: the answer is stored under the
 * request's key, and repeated long after Stripe has recovered.
 */
async function keepingFailures(path: string, port: number) {
  const kept = new Set<string>()
  let isIll = true
  const server = createServer((request, response) => {
    const key = request.headers['idempotency-key']
    if (request.method === 'POST' && request.url === path && typeof key === 'string' && (isIll || kept.has(key))) {
      kept.add(key)
      response
        .writeHead(500, { 'Content-Type': 'application/json', 'Stripe-Should-Retry': 'false' })
        .end('{"error":{"type":"api_error","message":"boom"}}')
      return
    }
    const onward = forward({
      host: '127.0.0.1',
      port,
      path: request.url,
      method: request.method,
      headers: request.headers,
    })
    onward.on('response', (answer) => answer.pipe(response.writeHead(answer.statusCode ?? 502, answer.headers)))
    request.pipe(onward)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    recover: () => void (isIll = false),
    close: () => {
      server.closeAllConnections()
      server.close()
    },
  }
}

describe('customers', () => {
  it('a refund after the customer was deleted still takes the credits', async () => {
    const user = await subscriber(deliveries)
    const customer = user.stripeCustomerId!
    const [charge] = (await context.stripe.charges.list({ customer, limit: 1 })).data
    await context.stripe.customers.del(customer)
    await deliveries.deliver()
    await context.stripe.refunds.create({ charge: charge!.id })
    const statuses = await deliveries.deliver()
    expect(new Set(statuses)).toEqual(new Set([200]))
    expect(await creditsOf(user)).toBe(0)
  })

  it('a 500 that Stripe stores under the key does not lock a user out for a day', async () => {
    const user = await aUser()
    const failing = await keepingFailures('/v1/customers', context.sandbox.port)
    const before = process.env.STRIPE_API_BASE
    process.env.STRIPE_API_BASE = failing.url
    resetConfig()
    try {
      await expect(ensureCustomer(user)).rejects.toThrow(StripeUnavailable)
      failing.recover()
      expect(await ensureCustomer(user)).toMatch(/^cus_/)
    } finally {
      process.env.STRIPE_API_BASE = before
      resetConfig()
      failing.close()
    }
  })

  it('a foreign session that names a user links no foreign customer to that user', async () => {
    const victim = await aUser()
    const stranger = await context.stripe.customers.create({ email: 'stranger@example.com' })
    const product = await context.stripe.products.create({ name: 'Another app' })
    const price = await context.stripe.prices.create({ product: product.id, unit_amount: 100, currency: 'usd' })
    const session = await context.stripe.checkout.sessions.create({
      mode: 'payment',
      customer: stranger.id,
      client_reference_id: victim._id.toHexString(),
      line_items: [{ price: price.id, quantity: 1 }],
      success_url: 'https://x.test',
    })
    context.sandbox.completeCheckout(session.id, {})
    await deliveries.deliver()
    expect((await UserModel.findById(victim._id).lean())?.stripeCustomerId ?? null).toBeNull()
  })
})
