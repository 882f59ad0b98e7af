import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { UserModel } from '#models/user.server.ts'
import { now } from '../../clock.server.ts'
import { readCustomer } from '../stripe/objects/customer.ts'
import { retrieveCustomer } from '../stripe/retrieve-customer.server.ts'
import { untilStable } from '../until-stable.ts'
import { readUser } from './users.server.ts'

/**
 * Stores the customer's Stripe balance, since no page load asks Stripe. The fence is read before Stripe is asked, so an
 * older answer is never written last.
 * @returns whether it has changed
 * @throws StripeUnavailable, CreditsUnavailable
 */
export async function refreshStripeBalance(userId: Types.ObjectId): Promise<boolean> {
  return untilStable('The balance at Stripe', async () => {
    const { stripeCustomerId: customer, stripeBalance: stored = null } = await readUser(userId)
    const found = await retrieveCustomer(customer)
    if (!found) return false
    const { balance: amount, currency } = readCustomer(found)
    if (!currency || (!stored && amount === 0)) return false
    const fence = { _id: userId, ...(stored ? { 'stripeBalance.version': stored.version } : { stripeBalance: null }) }
    if (stored?.amount === amount && stored.currency === currency) {
      return (await UserModel.exists(fence)) ? false : 'again'
    }
    const stripeBalance = { amount, currency, at: now(), version: randomUUID() }
    return (await UserModel.updateOne(fence, { $set: { stripeBalance } })).matchedCount === 1 || 'again'
  })
}
