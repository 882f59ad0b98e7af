import { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'

/** Reads a user as stored now; the request's copy may be stale. */
export async function readUser(userId: Types.ObjectId): Promise<User> {
  const user = await UserModel.findById(userId).lean<User>()
  if (!user) throw new Error(`There is no user ${userId.toHexString()}`)
  return user
}

/**
 * Finds the user of a Stripe object: by its customer, else by the user ID in its metadata.
 * @returns null when no user matches
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
 * Links a Stripe customer to a user who has none.
 * @returns the customer that the user has now
 */
export async function linkCustomer(userId: Types.ObjectId, customerId: string): Promise<string> {
  await UserModel.updateOne({ _id: userId, stripeCustomerId: null }, { $set: { stripeCustomerId: customerId } })
  const { stripeCustomerId } = await readUser(userId)
  return stripeCustomerId ?? customerId
}

/** Finds the user with this stored payment method: a detached one no longer names its customer. */
export async function findByPaymentMethod(id: string): Promise<User | null> {
  return UserModel.findOne({ 'billingDetails.paymentMethod.stripePaymentMethodId': id }).lean<User>()
}

/** Removes a deleted Stripe customer, with its stored card and address. */
export async function unlinkCustomer(customerId: string): Promise<void> {
  await UserModel.updateOne(
    { stripeCustomerId: customerId },
    { $unset: { stripeCustomerId: true, billingDetails: true } },
  )
}
