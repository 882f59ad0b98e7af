import { Types } from 'mongoose'
import { createApiKey } from '#app/auth/api-key.server.ts'
import { startSession } from '#app/auth/session.server.ts'
import { plans } from '#app/billing/plans.ts'
import { openAccount } from '#app/credits/account.server.ts'
import { grantCredits } from '#app/credits/grant.server.ts'
import { stripeInvoiceKey } from '#app/credits/keys.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'

export const CREDITS = 1_000_000_000
const PERIOD_MS = 30 * 24 * 60 * 60 * 1_000

/** Opens an account with more credits than a bench can spend. @returns its id, which is its owner's */
export async function fundedAccount(accountId = new Types.ObjectId()): Promise<Types.ObjectId> {
  await openAccount(accountId, { welcomeCredits: 0 })
  const id = `in_${accountId.toHexString()}`
  await grantCredits(accountId, [{ key: stripeInvoiceKey(id), credits: CREDITS, source: { type: 'invoice', id } }])
  return accountId
}

/** A user with a confirmed address and, by default, the largest plan. Opens no account. */
export async function newUser(fields: Partial<User> = {}): Promise<User> {
  const _id = new Types.ObjectId()
  const now = new Date()
  const id = _id.toHexString()
  await UserModel.create({
    _id,
    email: `${id}@example.com`,
    passwordHash: 'none',
    name: 'Bench',
    createdAt: now,
    emailConfirmedAt: now,
    stripeCustomerId: `cus_${id}`,
    subscription: {
      stripeSubscriptionId: `sub_${id}`,
      plan: plans.at(-1)?.name,
      interval: 'month',
      status: 'active',
      currentPeriodStart: now,
      currentPeriodEnd: new Date(now.getTime() + PERIOD_MS),
      version: id,
    },
    ...fields,
  })
  const user = await UserModel.findById(_id).lean<User>()
  if (!user) throw new Error('The new user is gone')
  return user
}

/** The header of a request with a new session of the user. */
export async function cookieOf(user: User): Promise<string> {
  const header = await startSession(new Request('http://localhost/login'), user)
  return header.split(';')[0] ?? ''
}

/** Customers that can spend over the API. */
export async function apiCustomers(number: number): Promise<{ id: Types.ObjectId; key: string }[]> {
  const one = async () => {
    const user = await newUser()
    await fundedAccount(user._id)
    const { key } = await createApiKey(user._id, 'Bench')
    return { id: user._id, key }
  }
  const customers = await Promise.all(Array.from({ length: number }, one))
  // A mail about each new key would be sent while the bench measures.
  await NotificationModel.deleteMany({})
  return customers
}
