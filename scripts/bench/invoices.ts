import Stripe from 'stripe'
import { z } from 'zod'
import { plans } from '#app/billing/plans.ts'
import { config } from '#app/config.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import type { Installation } from '#test/setup/app-processes.ts'
import type { User } from '#models/user.server.ts'
import { newUser } from './customers.ts'
import type { HttpClient } from './http-client.ts'

/** An `invoice.paid` event that the app has not received, as Stripe would post it. */
export interface PaidInvoice {
  eventId: string
  /** The body, byte for byte. */
  payload: string
  userId: User['_id']
}

/** The plan that all of them are for. */
const plan = plans.find(({ prices }) => prices !== null)
/** How many credits each of them grants. */
export const INVOICE_CREDITS = plan?.credits ?? 0
const AT_ONCE = 8

const eventsSchema = z.object({
  events: z.array(
    z.looseObject({ id: z.string(), data: z.object({ object: z.looseObject({ customer: z.string() }) }) }),
  ),
})

/** Has a number of new customers pay their first invoice in the sandbox, which keeps the events to itself. */
export async function payInvoices(
  { sandboxUrl, secrets }: Installation,
  client: HttpClient,
  number: number,
): Promise<PaidInvoice[]> {
  const hold = JSON.stringify({ deliveries: { hold: true } })
  await client.expect(`${sandboxUrl}/_sandbox/faults`, { method: 'POST', body: hold })
  const { hostname, port } = new URL(sandboxUrl)
  const stripe = new Stripe(secrets.stripeSecretKey, { host: hostname, port, protocol: 'http' })
  const { data: prices } = await stripe.prices.list({ lookup_keys: [plan?.prices?.month.lookupKey ?? ''] })
  const price = prices[0]?.id
  if (!price) throw new Error('The sandbox has no price of the plan')

  const owners = new Map<string, User['_id']>()
  let left = number
  const work = async () => {
    while (left-- > 0) {
      const { customer, userId } = await payOne(stripe, price)
      owners.set(customer, userId)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  const { body } = await client.expect(`${sandboxUrl}/_sandbox/events?type=invoice.paid`)
  return eventsSchema.parse(JSON.parse(body.toString())).events.flatMap((event) => {
    const userId = owners.get(event.data.object.customer)
    return userId ? [{ eventId: event.id, payload: JSON.stringify(event), userId }] : []
  })
}

async function payOne(stripe: Stripe, price: string): Promise<{ customer: string; userId: User['_id'] }> {
  const method = 'pm_card_visa'
  const { id: customer } = await stripe.customers.create({
    payment_method: method,
    invoice_settings: { default_payment_method: method },
  })
  const user = await newUser({ stripeCustomerId: customer, subscription: null })
  await openAccount(user._id, { welcomeCredits: 0 })
  const metadata = { app: config().installations[0] ?? '', userId: user._id.toHexString() }
  await stripe.subscriptions.create({ customer, items: [{ price }], metadata })
  return { customer, userId: user._id }
}
