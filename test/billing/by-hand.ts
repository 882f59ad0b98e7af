import { randomUUID } from 'node:crypto'
import type Stripe from 'stripe'
import { ensureCustomer } from '#app/billing/customers/stripe-customer.server.ts'
import type { Interval } from '#app/billing/plans.ts'
import type { User } from '#models/user.server.ts'
import { follow } from './clock.ts'
import { aUser, readUser } from './scenario.ts'
import type { StripeForTests } from './stripe.ts'

/* What somebody at the shop does in Stripe's dashboard, or sells by a page of their own. */

/** Somebody with a customer at Stripe whose card pays. */
export async function aPayer(context: StripeForTests): Promise<User & { stripeCustomerId: string }> {
  const { stripe } = context
  const user = await aUser()
  const customer = await ensureCustomer(user)
  const { id } = await stripe.paymentMethods.attach('pm_card_visa', { customer })
  await stripe.customers.update(customer, { invoice_settings: { default_payment_method: id } })
  return { ...(await readUser(user._id)), stripeCustomerId: customer }
}

/** A price of the plan file, as it is at Stripe. */
export async function priceBy({ stripe }: StripeForTests, lookupKey: string): Promise<Stripe.Price> {
  return (await stripe.prices.list({ lookup_keys: [lookupKey], expand: ['data.currency_options'] })).data[0]!
}

/** A price that is added to the product of another one, with nothing that says what it is. */
export async function addPrice(
  { stripe }: StripeForTests,
  beside: string,
  params: Partial<Stripe.PriceCreateParams>,
): Promise<string> {
  const [known] = (await stripe.prices.list({ lookup_keys: [beside] })).data
  return (await stripe.prices.create({ product: known!.product as string, currency: 'usd', ...params })).id
}

/** Something that the shop sells and that has nothing to do with credits. */
export async function aService({ stripe }: StripeForTests, name = 'Setting up'): Promise<string> {
  const price = { currency: 'usd', unit_amount: 9000, product_data: { name } }
  return (await stripe.prices.create(price)).id
}

/** The same, paid again and again. */
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

/** Somebody to whom the dashboard sold a subscription; nothing of it is delivered. */
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

/** An invoice of these prices, made and paid. */
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

/** A page to pay on that the app has not opened, paid. */
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
