import { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'

/** Reads a user as stored now: what a request read at its beginning may be old. */
export async function readUser(userId: Types.ObjectId): Promise<User> {
  const user = await UserModel.findById(userId).lean<User>()
  if (!user) throw new Error(`There is no user ${userId.toHexString()}`)
  return user
}

/**
 * Finds the user that something at Stripe belongs to: by its customer, else by the id in its tag.
 * @returns null when nobody here is meant
 */
export async function findUserByCustomer(
  customerId: string | null,
  taggedUserId?: string | null,
): Promise<User | null> {
  const byCustomer = customerId ? await UserModel.findOne({ stripeCustomerId: customerId }).lean<User>() : null
  if (byCustomer || !taggedUserId || !Types.ObjectId.isValid(taggedUserId)) return byCustomer
  return UserModel.findById(new Types.ObjectId(taggedUserId)).lean<User>()
}

/**
 * Notes a user's customer at Stripe, unless there is one.
 * @returns the customer that the user has now
 */
export async function linkCustomer(userId: Types.ObjectId, customerId: string): Promise<string> {
  await UserModel.updateOne({ _id: userId, stripeCustomerId: null }, { $set: { stripeCustomerId: customerId } })
  const { stripeCustomerId } = await readUser(userId)
  return stripeCustomerId ?? customerId
}

/** Finds the user whose billing details have a payment method: one that was detached no longer names its customer. */
export async function findByPaymentMethod(id: string): Promise<User | null> {
  return UserModel.findOne({ 'billingDetails.paymentMethod.stripePaymentMethodId': id }).lean<User>()
}

/** Forgets a customer that was deleted at Stripe, with the card and the address that were kept of it. */
export async function unlinkCustomer(customerId: string): Promise<void> {
  await UserModel.updateOne(
    { stripeCustomerId: customerId },
    { $unset: { stripeCustomerId: true, billingDetails: true } },
  )
}
