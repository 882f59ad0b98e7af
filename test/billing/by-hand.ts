import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import type { Interval } from '#app/billing/plans.ts'
import type { User } from '#models/user.server.ts'
import { follow } from './clock.ts'
import { aUser, readUser } from './scenario.ts'
import type { StripeForTests } from './stripe.ts'

/* What the shop does in Stripe's dashboard, or sells on pages of its own. */

/** A user with a customer at Stripe and a working card. */
export async function aPayer(context: StripeForTests): Promise<User & { stripeCustomerId: string }> {
  const { stripe } = context
  const user = await aUser()
  const customer = await ensureCustomer(user)
  const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  return { ...(await readUser(user._id)), stripeCustomerId: customer }
}

/** A price of the plan file, read from Stripe. */
export async function priceBy({ stripe }: StripeForTests, lookupKey: string): Promise<Stripe.Price> {
  return (await stripe.prices.list({ lookup_keys: [lookupKey], expand: ['data.currency_options'] })).data[0]!
}

/** A price added to the product of another one, without a lookup key or metadata. */
export async function addPrice(
  { stripe }: StripeForTests,
  beside: string,
  params: Partial<Stripe.PriceCreateParams>,
): Promise<string> {
  const [known] = (await stripe.prices.list({ lookup_keys: [beside] })).data
  return (await stripe.prices.create({ product: known!.product as string, currency: 'usd', ...params })).id
}

/** A price of the shop that has nothing to do with credits. */
export async function aService({ stripe }: StripeForTests, name = 'Setting up'): Promise<string> {
  const price = { currency: 'usd', unit_amount: 9000, product_data: { name } }
  return (await stripe.prices.create(price)).id
}

/** The same as a recurring price. */
export async function addOnPrice(
  { stripe }: StripeForTests,
  {
    name = 'Priority queue',
    amount = 500,
    interval = 'month',
  }: { name?: string; amount?: number; interval?: Interval } = {},
): Promise<string> {
  const price = { currency: 'usd', unit_amount: amount, recurring: { interval }, product_data: { name } }
  return (await stripe.prices.create(price)).id
}

/** Sells a subscription in the dashboard without delivering its events. */
export async function sellByHand(
  context: StripeForTests,
  items: Stripe.SubscriptionCreateParams.Item[],
  more: Partial<Stripe.SubscriptionCreateParams> = {},
): Promise<User & { stripeCustomerId: string }> {
  follow(context)
  const payer = await aPayer(context)
  await context.stripe.subscriptions.create({ customer: payer.stripeCustomerId, items, ...more })
  return payer
}

/** Creates and pays an invoice of these prices. */
export async function sellOnInvoice(
  { stripe }: StripeForTests,
  { stripeCustomerId: customer }: { stripeCustomerId: string },
  items: { price: string; quantity?: number; amount?: number }[],
): Promise<string> {
  const { id } = await stripe.invoices.create({ customer, auto_advance: false })
  for (const { price, ...item } of items) {
    await stripe.invoiceItems.create({ customer, invoice: id, pricing: { price }, ...item })
  }
  await stripe.invoices.finalizeInvoice(id)
  await stripe.invoices.pay(id)
  return id
}

/** Pays on a checkout page that the app did not open. */
export async function sellOnPage(
  { stripe, sandbox }: StripeForTests,
  { stripeCustomerId: customer }: { stripeCustomerId: string },
  params: Stripe.Checkout.SessionCreateParams,
): Promise<string> {
  const { id } = await stripe.checkout.sessions.create(
    { customer, success_url: 'https://shop.example/thanks', ...params },
    { idempotencyKey: randomUUID() },
  )
  sandbox.completeCheckout(id)
  return id
}
