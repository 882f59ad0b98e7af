import { randomUUID } from 'node:crypto'
import type { Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { welcomeCredits } from '../billing/plans.ts'
import { now } from '../clock.server.ts'
import { openAccount } from '../credits/account.server.ts'
import { readConfirmationToken } from '../notifications/confirmation-token.server.ts'
import { notify } from '../notifications/outbox.server.ts'
import { InvalidToken } from './errors.ts'
import { hasTryLeft, consumeAttempt } from './rate-limit.server.ts'

/** Mails the link to a new user, once however often it is called. */
export async function sendConfirmation(user: Pick<User, '_id'>): Promise<void> {
  await queueLink(user, 'sign-up')
}

/**
 * Mails another link; earlier ones work until they expire.
 * @throws RateLimited
 */
export async function resendConfirmation(user: Pick<User, '_id'>): Promise<void> {
  await consumeAttempt('confirmationMail', user._id.toHexString())
  await queueLink(user, randomUUID())
}

/** The same, for answers that must reveal nothing: past the limit, nothing is sent. */
export async function resendQuietly(user: Pick<User, '_id'>): Promise<void> {
  if (await hasTryLeft('confirmationMail', user._id.toHexString())) await queueLink(user, randomUUID())
}

/** Mails another link to an address, if an account there needs one. */
export async function resendTo(email: string): Promise<void> {
  const user = await UserModel.findOne({ email, emailConfirmedAt: null }).select({ _id: 1 }).lean()
  if (user) await resendQuietly(user)
}

/**
 * Finds the user of a link without using it, for the page that asks.
 * @throws InvalidToken when it is too old, for another address than the user has, or never existed
 */
export async function findByConfirmation(token: string): Promise<User> {
  const claim = readConfirmationToken(token)
  const user = claim && (await UserModel.findById(claim.userId).lean<User>())
  if (!user || !claim.isFor(user.email)) throw new InvalidToken()
  return user
}

/**
 * Confirms the address of the user that a link is for, once: a second use changes nothing. It does not log in, because
 * someone may have signed up with the address of another person, who then opens the link.
 * @throws InvalidToken as {@link findByConfirmation}
 */
export async function confirmEmail(token: string): Promise<void> {
  const { _id, email } = await findByConfirmation(token)
  await UserModel.updateOne({ _id, email, emailConfirmedAt: null }, { $set: { emailConfirmedAt: now() } })
  await openAccount(_id, { welcomeCredits })
}

/** Confirms an address that needs no proof, such as the demo user's. */
export async function markConfirmed(userId: Types.ObjectId): Promise<void> {
  await UserModel.updateOne({ _id: userId, emailConfirmedAt: null }, { $set: { emailConfirmedAt: now() } })
}

async function queueLink({ _id }: Pick<User, '_id'>, cause: string): Promise<void> {
  await notify({ kind: 'email_confirmation', userId: _id, key: `${_id.toHexString()}:${cause}`, data: {} })
}
