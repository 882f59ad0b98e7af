import type { Purchase } from '#app/billing/checkout.server.ts'
import { resetConfig } from '#app/config.server.ts'
import { ensurePrices, forgetPrices, priceIdOf } from '#app/billing/prices.server.ts'
import { findPlan, type Interval } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { freshKey } from '#app/credits/keys.ts'
import { spendCredits } from '#app/credits/spend.server.ts'
import type { User } from '#models/user.server.ts'
import { WebhookEventModel } from '#models/webhook-event.server.ts'
import { startStripeSandbox } from '#sandbox/stripe/server.ts'
import { settle } from '#sandbox/stripe/billing/collect.ts'
import { openDispute } from '#sandbox/stripe/billing/dispute.ts'
import { paymentOf } from '#sandbox/stripe/billing/invoice.ts'
import { authenticate } from '#sandbox/stripe/billing/payment.ts'
import { inVersion } from '#sandbox/stripe/versions/legacy.ts'
import Stripe from 'stripe'
import { expect } from 'vitest'
import { aUser, Deliveries, post, readUser } from '#test/billing/scenario.ts'
import type { StripeForTests } from '#test/billing/stripe.ts'

/*
 * What the failures' tests share: a customer's life is driven from Stripe's side alone, as the portal, the dashboard and
 * banks do it, so that nothing but events tells the app of it.
 */

const DAY = 86_400

/** The version whose events an endpoint may still get, and the one that the client library speaks. */
export const OLD_VERSION = '2024-06-20'
export const CURRENT_VERSION = Stripe.API_VERSION

export type Told = { id: string; type: string; data: { object: Record<string, unknown> } }

/** The app's clock follows the sandbox's, as in local mode. */
export const follow = ({ sandbox }: StripeForTests): void => setNow(() => new Date(sandbox.now() * 1000))

/** Moves both clocks. */
export function advance(context: StripeForTests, days: number): void {
  context.sandbox.advance(days * DAY)
  follow(context)
}

/** Another Stripe in the place of the one before, with nothing in it but prices. */
export async function freshStripe(context: StripeForTests): Promise<void> {
  await context.sandbox.close()
  context.sandbox = await startStripeSandbox()
  const { port } = context.sandbox
  const key = 'sk_test_billing_0123456789abcdefghij'
  context.stripe = new Stripe(key, { host: '127.0.0.1', port, protocol: 'http', maxNetworkRetries: 0 })
  process.env.STRIPE_API_BASE = context.sandbox.url
  resetConfig()
  forgetPrices()
  await ensurePrices()
  follow(context)
}

/** Somebody with a plan that is paid, all events delivered. */
export async function subscriber(
  line: Line,
  { plan = 'Beginner', interval = 'month', card }: { plan?: string; interval?: Interval; card?: string } = {},
): Promise<User> {
  follow(line.context)
  const user = await aUser()
  await line.buy({ user, plan, interval }, card)
  await line.deliver()
  return readUser(user._id)
}

export const subscriptionIdOf = (user: User): string => user.subscription!.stripeSubscriptionId!

/** The price that a plan is sold at. */
export function planPrice(name: string, interval: Interval = 'month'): Promise<string> {
  const plan = findPlan(name)!
  return priceIdOf({ kind: 'plan', plan, interval, price: plan.prices![interval] })
}

/** From now on this card pays the plan: `pm_card_chargeCustomerFail`, `pm_card_visa`. */
export async function payWith({ stripe }: StripeForTests, user: User, token: string): Promise<void> {
  const { id } = await stripe.paymentMethods.attach(token, { customer: user.stripeCustomerId! })
  await stripe.subscriptions.update(subscriptionIdOf(user), { default_payment_method: id })
}

/** Somebody's charges that were paid, the newest first. */
export async function chargesOf({ stripe }: StripeForTests, { _id }: User): Promise<Stripe.Charge[]> {
  const { stripeCustomerId } = await readUser(_id)
  const { data } = await stripe.charges.list({ customer: stripeCustomerId!, limit: 100 })
  return data.filter(({ paid }) => paid)
}

/** A holder goes to the bank. @returns the dispute's id */
export function dispute(
  { sandbox }: StripeForTests,
  charge: string,
  options: { inquiry?: boolean; amount?: number } = {},
): string {
  const { world } = sandbox
  return world.run(() => openDispute(world, world.tables.charges.get(charge)!, options)).id
}

/** The bank decides. */
export async function decide({ stripe }: StripeForTests, id: string, verdict: 'won' | 'lost'): Promise<void> {
  await stripe.disputes.update(id, {
    evidence: { uncategorized_text: `${verdict === 'won' ? 'winning' : 'losing'}_evidence` },
    submit: true,
  })
}

/** The bank has asked a card's holder about an invoice, and the holder says yes. */
export function holderAgrees({ sandbox: { world } }: StripeForTests, invoiceId: string): void {
  world.run(() => {
    const invoice = world.tables.invoices.get(invoiceId)!
    const intent = world.tables.paymentIntents.get(paymentOf(world, invoice)!.payment.payment_intent!)!
    settle(world, invoice, authenticate(world, intent, true))
  })
}

export const spend = (user: User, credits: number) =>
  spendCredits({ accountId: user._id, key: freshKey('spend'), credits, action: 'test' })

/** An event as an endpoint of that version would get it. */
export function inShapeOf<T extends Told>({ sandbox }: StripeForTests, event: T, version: string): T {
  const data = inVersion(sandbox.world, event.data, version) as T['data']
  return { ...event, api_version: version, data }
}

/** Posts events one after the other, each of which must be dealt with. */
export async function postGood(events: readonly object[]): Promise<void> {
  const refused: string[] = []
  for (const event of events as Told[]) {
    const { status } = await post(JSON.stringify(event))
    if (status === 200) continue
    const stored = await WebhookEventModel.findById(event.id).lean()
    refused.push(`${event.type}: ${status} ${stored?.lastError ?? ''}`)
  }
  expect(refused).toEqual([])
}

/** Posts events one after the other. @returns the statuses */
export async function postAll(events: readonly object[]): Promise<number[]> {
  const statuses: number[] = []
  for (const event of events) statuses.push((await post(JSON.stringify(event))).status)
  return statuses
}

/** Stripe's side of a test like `Deliveries`, whose events can also be taken off the line, to be posted otherwise or never. */
export class Line {
  readonly #taken = new Set<string>()

  constructor(readonly context: StripeForTests) {}

  /** Pays for something as a person would. @returns the session's id */
  buy(purchase: Purchase, card?: string): Promise<string> {
    return new Deliveries(this.context).buy(purchase, card)
  }

  waiting(type?: string): Told[] {
    return this.context.sandbox.events(type).filter(({ id }) => !this.#taken.has(id)) as unknown as Told[]
  }

  /** What waits, oldest first; it will not be delivered by itself any more. */
  take(type?: string): Told[] {
    const events = this.waiting(type)
    for (const { id } of events) this.#taken.add(id)
    return events
  }

  deliver({ type, order = (events) => events }: DeliverOptions = {}): Promise<number[]> {
    return postAll(order(this.take(type)))
  }
}

interface DeliverOptions {
  type?: string
  order?: (events: Told[]) => Told[]
}
