import mongoose from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { welcomeCredits } from '../billing/plans.ts'
import { now } from '../clock.server.ts'
import { openAccount } from '../credits/account.server.ts'
import { notifyAccountExists } from './account-mails.server.ts'
import { resendQuietly, sendConfirmation } from './confirm-email.server.ts'
import type { SignUp } from './credentials.ts'
import { EmailTaken } from './errors.ts'
import { hashNewPassword } from './new-password.server.ts'
import { verifyPassword } from './password.server.ts'
import { hasTryLeft, returnTry, consumeAttempt } from './rate-limit.server.ts'

const DUPLICATE_KEY = 11_000

/**
 * Creates a user with a credit account and the welcome credits, and mails a link that confirms the address. Safe to
 * repeat: the same email and password return the existing user, and a credit account that a crash left out is opened, here
 * or at log-in.
 * @throws EmailTaken when the email belongs to an account with another password
 * @throws WeakPassword, CreditsUnavailable, RateLimited
 */
export async function signUp({ email, password, ...profile }: SignUp): Promise<User> {
  const passwordHash = await hashNewPassword(password, email)
  const user = await insertUser({ email, passwordHash, ...profile }).catch((error: unknown) => {
    if (!isDuplicate(error)) throw error
    return findSameUser(email, password)
  })
  await openAccount(user._id, { welcomeCredits })
  if (!user.emailConfirmedAt) await sendConfirmation(user)
  return user
}

/**
 * Takes a sign-up whose answer must not reveal whether the address has an account: a new address gets a link that confirms
 * it, a known one a mail that says so. Both take one hash, one comparison and one write. Confirming the address opens the
 * credit account.
 * @returns the delivery of the mail, to wait for
 * @throws WeakPassword, RateLimited
 */
export async function signUpByMail({ email, password, ...profile }: SignUp): Promise<{ delivery: Promise<void> }> {
  const found = await UserModel.findOne({ email }).select('+passwordHash').lean<User>()
  const passwordHash = await hashNewPassword(password, email)
  const matches = await verifyPassword(found?.passwordHash ?? null, password)
  if (!found) {
    const user = await insertUser({ email, passwordHash, ...profile }).catch((error: unknown) => {
      if (!isDuplicate(error)) throw error
      return null
    })
    // Of two sign-ups at once, the other one mails the link.
    return { delivery: user ? sendConfirmation(user) : Promise.resolve() }
  }
  // The right password means that the form was repeated: the first mail may be lost.
  if (matches && !found.emailConfirmedAt) await resendQuietly(found)
  else if (await hasTryLeft('accountExists', email)) await notifyAccountExists(found)
  return { delivery: Promise.resolve() }
}

type NewUser = Omit<SignUp, 'password'> & { passwordHash: string }

async function insertUser({ timeZone = 'UTC', ...fields }: NewUser): Promise<User> {
  const { _id } = await UserModel.create({ ...fields, timeZone, createdAt: now() })
  const user = await UserModel.findById(_id).lean<User>()
  if (!user) throw new Error('A user that was just created is gone')
  return user
}

async function findSameUser(email: string, password: string): Promise<User> {
  const found = await UserModel.findOne({ email }).select('+passwordHash').lean<User>()
  if (!found) throw new EmailTaken()
  // This tries a password as the log-in does, so it is counted too: otherwise guessing would continue here.
  await consumeAttempt('signUpAgain', email)
  if (!(await verifyPassword(found.passwordHash, password))) throw new EmailTaken()
  await returnTry('signUpAgain', email)
  const { passwordHash: _, ...user } = found
  return user as User
}

function isDuplicate(error: unknown): boolean {
  return error instanceof mongoose.mongo.MongoServerError && error.code === DUPLICATE_KEY
}
