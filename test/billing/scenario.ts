import { randomUUID } from 'node:crypto'
import Stripe from 'stripe'
import { Types } from 'mongoose'
import { createCheckout, type Purchase } from '#app/billing/checkout/create-checkout.server.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { getBalance } from '#app/credits/balance.server.ts'
import { action } from '#app/routes/api.webhook.ts'
import { type BillingHistory, BillingHistoryModel } from '#models/billing-history.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import type { StripeForTests } from './stripe.ts'
import { WEBHOOK_SECRET } from './stripe.ts'

/** A user with an account and no welcome credits, so that every credit in it was paid for. */
export async function aUser(): Promise<User> {
  const _id = new Types.ObjectId()
  const email = `user-${_id.toHexString()}@example.com`
  await UserModel.create({ _id, email, passwordHash: 'x', name: 'Test', createdAt: new Date() })
  await openAccount(_id, { welcomeCredits: 0 })
  return readUser(_id)
}

export async function readUser(_id: Types.ObjectId): Promise<User> {
  return (await UserModel.findById(_id).lean<User>())!
}

export async function creditsOf({ _id }: User): Promise<number> {
  return (await getBalance(_id)).credits
}

export async function historyOf({ _id }: User): Promise<BillingHistory[]> {
  return BillingHistoryModel.find({ userId: _id }).sort({ transactionDate: 1, _id: 1 }).lean<BillingHistory[]>()
}

export function signatureOf(payload: string, options: { secret?: string; secondsAgo?: number } = {}): string {
  const timestamp = Math.floor(Date.now() / 1000) - (options.secondsAgo ?? 0)
  const secret = options.secret ?? WEBHOOK_SECRET
  return Stripe.webhooks.generateTestHeaderString({ payload, secret, timestamp })
}

/** Posts a body to the webhook's own route. */
export async function post(body: string, signature: string | null = signatureOf(body)): Promise<Response> {
  const headers = new Headers({ 'Content-Type': 'application/json' })
  if (signature !== null) headers.set('Stripe-Signature', signature)
  const request = new Request('http://localhost:3000/api/webhook', { method: 'POST', body, headers })
  return action({ request, params: {}, context: {} })
}

/** An event as Stripe posts it. */
export type PostedEvent = { id: string; type: string; data: { object: Record<string, unknown> } }

/** Stripe's side of a test: its events, and which of them are delivered. */
export class Deliveries {
  readonly #delivered = new Set<string>()

  constructor(readonly context: StripeForTests) {}

  /** Events that have not been delivered yet, oldest first. */
  waiting(type?: string): PostedEvent[] {
    return this.context.sandbox.events(type).filter(({ id }) => !this.#delivered.has(id)) as unknown as PostedEvent[]
  }

  /** Takes the waiting events, oldest first, out of the queue, to be posted by the test or never. */
  take(type?: string): PostedEvent[] {
    const events = this.waiting(type)
    for (const { id } of events) this.#delivered.add(id)
    return events
  }

  /** Delivers the waiting events, in order by default. */
  async deliver({ type, order = (events) => events }: DeliverOptions = {}): Promise<number[]> {
    const statuses: number[] = []
    for (const event of order(this.waiting(type))) {
      this.#delivered.add(event.id)
      const { status } = await post(JSON.stringify(event))
      statuses.push(status)
    }
    return statuses
  }

  /** Pays for a purchase as a user would, without delivering its events. @returns the session's id */
  async buy(purchase: Purchase, card?: string): Promise<string> {
    const { url } = await createCheckout(purchase, { nonce: randomUUID() })
    const id = sessionIdOf(url)
    this.context.sandbox.completeCheckout(id, { card })
    return id
  }
}

interface DeliverOptions {
  type?: string
  order?: (events: PostedEvent[]) => PostedEvent[]
}

/** The session id in the address of its page. */
export const sessionIdOf = (url: string): string => /cs_(test|live)_\w+/.exec(url)![0]
