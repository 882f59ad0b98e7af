import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Stripe from 'stripe'
import { afterEach } from 'vitest'
import { startStripeSandbox } from '#sandbox/stripe/server.ts'
import type { StripeSandbox, StripeSandboxOptions } from '#sandbox/stripe/server.ts'

export const SECRET = 'whsec_test_secret'

const open: { close(): Promise<void> }[] = []

afterEach(async () => {
  for (const resource of open.splice(0).reverse()) await resource.close()
})

/** A sandbox for this test alone, and the official SDK as its client. */
export async function sandboxAndClient(
  options: StripeSandboxOptions = {},
): Promise<{ sandbox: StripeSandbox; stripe: Stripe }> {
  const sandbox = await startStripeSandbox(options)
  open.push(sandbox)
  return { sandbox, stripe: clientOf(sandbox) }
}

export function clientOf(sandbox: StripeSandbox, config: Stripe.StripeConfig = {}): Stripe {
  return new Stripe('sk_test_sandbox', {
    host: '127.0.0.1',
    port: sandbox.port,
    protocol: 'http',
    maxNetworkRetries: 0,
    telemetry: false,
    ...config,
  })
}

export interface Receiver {
  url: string
  /** The events in the order of their arrival. */
  events: Stripe.Event[]
  requests: { body: string; signature: string }[]
  /** Sets what the endpoint answers from now on. */
  answer(status: number | ((event: Stripe.Event) => number)): void
  close(): Promise<void>
}

/** A webhook endpoint that checks every signature with the SDK. */
export async function receiver(secret = SECRET): Promise<Receiver> {
  const events: Stripe.Event[] = []
  const requests: Receiver['requests'] = []
  const { webhooks } = new Stripe('sk_test_receiver')
  let status: number | ((event: Stripe.Event) => number) = 200
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks).toString()
      const signature = String(request.headers['stripe-signature'])
      const event = webhooks.constructEvent(body, signature, secret)
      requests.push({ body, signature })
      const answer = typeof status === 'function' ? status(event) : status
      if (answer < 300) events.push(event)
      response.writeHead(answer).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhook`,
    events,
    requests,
    answer: (next) => void (status = next),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections()
        server.close(() => resolve())
      }),
  }
  open.push(receiver)
  return receiver
}

/** A plan with two intervals, as most tests need. */
export async function aPlan(stripe: Stripe, { name = 'Beginner', month = 1000, year = 10_000, currency = 'usd' } = {}) {
  const product = await stripe.products.create({ name })
  const monthly = await stripe.prices.create({
    product: product.id,
    currency,
    unit_amount: month,
    recurring: { interval: 'month' },
    lookup_key: `${name}_month_${currency}`,
  })
  const yearly = await stripe.prices.create({
    product: product.id,
    currency,
    unit_amount: year,
    recurring: { interval: 'year' },
    lookup_key: `${name}_year_${currency}`,
  })
  return { product, monthly, yearly }
}

/** A customer who pays with this card. */
export async function aCustomer(
  stripe: Stripe,
  card = 'pm_card_visa',
  params: Stripe.CustomerCreateParams = {},
): Promise<Stripe.Customer> {
  return stripe.customers.create({
    email: 'ada@example.com',
    name: 'Ada',
    payment_method: card,
    invoice_settings: { default_payment_method: card },
    ...params,
  })
}
