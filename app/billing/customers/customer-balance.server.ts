import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { CreditsUnavailable } from '../../credits/errors.ts'
import { findAtStripe } from '../stripe/client.server.ts'
import { readCustomer } from '../stripe/objects/customer.ts'
import { readUser } from './users.server.ts'

const ROUNDS = 8

/**
 * Stores the customer's Stripe balance, since no page load asks Stripe. The fence is read before Stripe is asked, so an
 * older answer is never written last.
 * @returns whether it has changed
 * @throws StripeUnavailable, CreditsUnavailable
 */
export async function refreshStripeBalance(userId: Types.ObjectId): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round++) {
    const { stripeCustomerId: customer, stripeBalance: stored = null } = await readUser(userId)
    const found = customer ? await findAtStripe((stripe) => stripe.customers.retrieve(customer)) : null
    if (!found || found.deleted) return false
    const { balance: amount, currency } = readCustomer(found)
    if (!currency || (!stored && amount === 0)) return false
    const fence = { _id: userId, ...(stored ? { 'stripeBalance.version': stored.version } : { stripeBalance: null }) }
    if (stored?.amount === amount && stored.currency === currency) {
      if (await UserModel.exists(fence)) return false
      continue
    }
    const stripeBalance = { amount, currency, at: now(), version: randomUUID() }
    if ((await UserModel.updateOne(fence, { $set: { stripeBalance } })).matchedCount === 1) return true
  }
  throw new CreditsUnavailable(new Error('The balance at Stripe changes faster than it can be read'))
}
