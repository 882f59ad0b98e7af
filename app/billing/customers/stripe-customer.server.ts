import { randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { StripeUnavailable } from '../errors.ts'
import { appTag, callStripe, isKeptFailure } from '../stripe/client.server.ts'
import { retrieveCustomer } from '../stripe/retrieve-customer.server.ts'
import { linkCustomer, readUser, unlinkCustomer } from './users.server.ts'

const TRIES = 4

/**
 * The user's Stripe customer, created at the first purchase. Two tabs at once get one customer: both send the same
 * idempotency key, and the first stored one wins.
 * @throws StripeUnavailable
 */
export async function ensureCustomer({ _id }: Pick<User, '_id'>): Promise<string> {
  const user = await readUser(_id)
  if (user.stripeCustomerId) {
    if (await retrieveCustomer(user.stripeCustomerId)) return user.stripeCustomerId
    await unlinkCustomer(user.stripeCustomerId)
  }
  const customerId = await createCustomer(user)
  return linkCustomer(_id, customerId)
}

async function createCustomer(user: User): Promise<string> {
  const userId = user._id.toHexString()
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const customer = await createOnce(userId, `customer:${userId}:${attempt}`).catch((error: unknown) => {
      // If the failed request did create a customer, it stays unused: only the stored one is ever used.
      if (isKeptFailure(error)) return createOnce(userId, `customer:${userId}:${randomUUID()}`)
      throw error
    })
    // Within a day, the key still returns a customer that has been deleted since.
    if (!(await retrieveCustomer(customer.id))) continue
    await callStripe((stripe) =>
      stripe.customers.update(customer.id, { email: user.email, ...(user.name && { name: user.name }) }),
    )
    return customer.id
  }
  throw new StripeUnavailable()
}

/** Constant parameters only: with the email among them, a changed email would be refused under the same key. */
function createOnce(userId: string, idempotencyKey: string): Promise<{ id: string }> {
  return callStripe((stripe) => stripe.customers.create({ metadata: { app: appTag(), userId } }, { idempotencyKey }))
}
