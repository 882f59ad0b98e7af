import { randomUUID } from 'node:crypto'
import type { User } from '#models/user.server.ts'
import { StripeUnavailable } from '../errors.ts'
import { appTag, callStripe, findAtStripe, isKeptFailure } from '../stripe/client.server.ts'
import { linkCustomer, readUser, unlinkCustomer } from './users.server.ts'

const TRIES = 4

/**
 * The user's customer at Stripe, created at the first purchase. Two tabs at once end up with one customer: both send the
 * same idempotency key, and the first to be stored wins.
 * @param user whose it is; only the id and the address are used
 * @throws StripeUnavailable
 */
export async function ensureCustomer({ _id }: Pick<User, '_id'>): Promise<string> {
  const user = await readUser(_id)
  if (user.stripeCustomerId) {
    if (await isThere(user.stripeCustomerId)) return user.stripeCustomerId
    await unlinkCustomer(user.stripeCustomerId)
  }
  const customerId = await createCustomer(user)
  return linkCustomer(_id, customerId)
}

async function createCustomer(user: User): Promise<string> {
  const userId = user._id.toHexString()
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const customer = await createOnce(userId, `customer:${userId}:${attempt}`).catch((error: unknown) => {
      // Should the failed one exist after all, it stays empty: only the customer that is stored here is ever used.
      if (isKeptFailure(error)) return createOnce(userId, `customer:${userId}:${randomUUID()}`)
      throw error
    })
    // Within a day, the key of a customer that was deleted since still answers with that customer.
    if (!(await isThere(customer.id))) continue
    await callStripe((stripe) =>
      stripe.customers.update(customer.id, { email: user.email, ...(user.name && { name: user.name }) }),
    )
    return customer.id
  }
  throw new StripeUnavailable()
}

/** Constant parameters only: with the e-mail among them, a changed one would be refused under the same key. */
function createOnce(userId: string, idempotencyKey: string): Promise<{ id: string }> {
  return callStripe((stripe) => stripe.customers.create({ metadata: { app: appTag(), userId } }, { idempotencyKey }))
}

async function isThere(customerId: string): Promise<boolean> {
  const customer = await findAtStripe((stripe) => stripe.customers.retrieve(customerId))
  return customer !== null && !customer.deleted
}
