import { type QueryFilter, Types } from 'mongoose'
import { type User, UserModel } from '#models/user.server.ts'
import { welcomeCredits } from '../billing/plans.ts'
import { brand } from '../brand.mjs'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { openAccount } from '../credits/account.server.ts'
import { sendMail } from '../notifications/mail.server.ts'
import { notifyPasswordChanged } from './account-mails.server.ts'
import { apiKeyCache } from './api-key-cache.server.ts'
import { countLive, markKeysRevoked } from './api-key.server.ts'
import { InvalidLogin, InvalidToken } from './errors.ts'
import { hashNewPassword } from './new-password.server.ts'
import { verifyPassword } from './password.server.ts'
import { readResetToken } from './reset-token.ts'
import { hashToken, newToken } from './secret-token.server.ts'
import { deleteSessionsOf } from './session.server.ts'

const RESET_HOURS = 1

/**
 * Sets another password, ends every session of the user, and tells the user by mail.
 * @returns the user as changed, who needs a new session here
 * @throws InvalidLogin when the current password is wrong, WeakPassword, RateLimited
 */
export async function changePassword(
  userId: Types.ObjectId,
  current: string,
  next: string,
  options: { revokeKeys: boolean } = { revokeKeys: false },
): Promise<User> {
  const user = await UserModel.findById(userId).select('+passwordHash').lean<User>()
  if (!user || !(await verifyPassword(user.passwordHash, current))) throw new InvalidLogin()
  const passwordHash = await hashNewPassword(next, user.email)
  // Fenced by the old hash: of two changes at once, one wins and the other gets "wrong password".
  const changed = await setPassword({ _id: userId, passwordHash: user.passwordHash }, passwordHash, options)
  if (!changed) throw new InvalidLogin()
  await afterChange(changed, { byReset: false })
  return changed
}

/** Ends every session of a user, on every device. */
export async function signOutEverywhere(userId: Types.ObjectId): Promise<void> {
  await UserModel.updateOne({ _id: userId }, { $inc: { sessionEpoch: 1 } })
  await deleteSessionsOf(userId)
}

/**
 * Mails a link that resets the password, if there is such a user. Neither the answer nor its time reveals that: the
 * write is tried either way, and the mail is sent after the answer.
 */
export async function requestPasswordReset(email: string): Promise<{ delivery: Promise<void> }> {
  const secret = newToken()
  const expiresAt = new Date(now().getTime() + RESET_HOURS * 60 * 60 * 1_000)
  const user = await UserModel.findOneAndUpdate(
    { email },
    { $set: { passwordReset: { hash: hashToken(secret), expiresAt } } },
    { returnDocument: 'after' },
  ).lean<User>()
  return { delivery: user ? sendResetLink(user, secret) : Promise.resolve() }
}

/**
 * Sets a new password by a reset link, once: one write checks the link, sets the password, and ends the link, every session
 * and every API key, since an intruder may have created them. The link was mailed, so it also confirms the address.
 * @throws InvalidToken when the link was used, replaced, is too old, or never existed; WeakPassword, RateLimited
 */
export async function resetPassword(token: string, password: string): Promise<User> {
  const parts = readResetToken(token)
  if (!parts) throw new InvalidToken()
  const { userId, secret } = parts
  const link = {
    _id: new Types.ObjectId(userId),
    'passwordReset.hash': hashToken(secret),
    'passwordReset.expiresAt': { $gt: now() },
  }
  // Looked up first, so that guessing links does not cost hashing.
  const owner = await UserModel.findOne(link).select({ email: 1 }).lean<Pick<User, 'email'>>()
  if (!owner) throw new InvalidToken()
  const passwordHash = await hashNewPassword(password, owner.email)
  const user = await setPassword(link, passwordHash, { revokeKeys: true, confirm: true })
  if (!user) throw new InvalidToken()
  await Promise.all([afterChange(user, { byReset: true }), openAccount(user._id, { welcomeCredits })])
  return user
}

/** Revoked keys and ended sessions hold from this write on; other processes may accept a key for `KEY_LIFE_MS` more. */
function setPassword(
  filter: QueryFilter<User> & Pick<User, '_id'>,
  passwordHash: string,
  { revokeKeys, confirm = false }: { revokeKeys: boolean; confirm?: boolean },
): Promise<User | null> {
  return UserModel.findOneAndUpdate(
    filter,
    {
      $set: { passwordHash },
      // $max: greater than null, and than any time before.
      ...(confirm && { $max: { emailConfirmedAt: now() } }),
      $unset: { passwordReset: '' },
      $inc: { sessionEpoch: 1, ...(revokeKeys && { apiKeyEpoch: 1 }) },
    },
    { returnDocument: 'after' },
  )
    .lean<User>()
    .exec()
    .finally(() => apiKeyCache.forget(filter._id))
}

async function afterChange(user: User, { byReset }: { byReset: boolean }): Promise<void> {
  const [keysRevoked, keysLeft] = await Promise.all([
    markKeysRevoked(user),
    countLive(user),
    deleteSessionsOf(user._id),
  ])
  await notifyPasswordChanged(user, { byReset, keysRevoked, keysLeft })
}

async function sendResetLink(user: User, secret: string): Promise<void> {
  const link = `${config().appUrl}/reset-password?token=${user._id.toHexString()}.${secret}`
  await sendMail({
    to: user.email,
    subject: `Reset your ${brand.name} password`,
    text: [
      `Someone requested a new password for your ${brand.name} account.`,
      `Choose one here within ${RESET_HOURS} hour:`,
      link,
      'If this was not you, ignore this email. Your password stays the same.',
    ].join('\n\n'),
    html: null,
  })
}
