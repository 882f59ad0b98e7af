import { Authenticator } from 'remix-auth'
import { FormStrategy } from 'remix-auth-form'
import { type User, UserModel } from '#models/user.server.ts'
import { welcomeCredits } from '../billing/plans.ts'
import { config } from '../config.server.ts'
import { mayBeAStrangers } from '../email-confirmation/require-confirmed-email.server.ts'
import { openAccount } from '../credits/account.server.ts'
import { addressPrefix, clientAddress } from '../http/client-address.server.ts'
import { InvalidRequest } from '../http/errors.ts'
import { describeIssue } from '../http/invalid-fields.ts'
import { deliverLater } from '../notifications/mail.server.ts'
import { resendQuietly } from './confirm-email.server.ts'
import { type Credentials, logInForm } from './credentials.ts'
import { type Device, isDeviceOf, readDevice } from './device.server.ts'
import { InvalidLogin } from './errors.ts'
import { verifyPassword } from './password.server.ts'
import { type RateLimitName, returnTry, consumeAttempt } from './rate-limit.server.ts'

/** The ways to log in. A passkey or another provider would be another strategy here. */
export const authenticator = new Authenticator<User>()

authenticator.use(
  new FormStrategy(async ({ form, request }) => {
    const credentials = logInForm.safeParse(Object.fromEntries(form))
    if (!credentials.success) throw new InvalidRequest(...describeIssue(credentials.error.issues))
    return logIn(credentials.data, clientAddress(request), await readDevice(request))
  }),
  'form',
)

/**
 * Finds the user of an email and a password, and opens a credit account that a crashed sign-up left out. A user who has to
 * confirm the address first gets another link by mail and is not logged in.
 * @param address the client's, for counting tries
 * @param device the client's, if a user has logged in from it before
 * @throws InvalidLogin, RateLimited
 */
export async function logIn(
  { email, password }: Credentials,
  address: string,
  device: Device | null = null,
): Promise<User> {
  const user = await UserModel.findOne({ email }).select('+passwordHash').lean<User>()
  const counts = countsFor(email, address, user && device && isDeviceOf(device, user) ? device : null)
  // Counted before the password is checked, so that tries at once cannot share a count. And in order: a try that the
  // client's own limit refuses must not use up the limit that it shares with the account's owner.
  for (const [name, subject] of counts) await consumeAttempt(name, subject)

  const matches = await verifyPassword(user?.passwordHash ?? null, password)
  if (!user || !matches) throw invalidLogin()
  if (mayBeAStrangers(user)) {
    // The same answer as to a wrong password: otherwise a sign-up would reveal here that the address was free.
    deliverLater(resendQuietly(user))
    throw invalidLogin()
  }

  await Promise.all([
    ...counts.map(([name, subject]) => returnTry(name, subject)),
    openAccount(user._id, { welcomeCredits }),
  ])
  const { passwordHash: _, ...rest } = user
  return rest as User
}

function invalidLogin(): InvalidLogin {
  if (!config().requireConfirmedEmail) return new InvalidLogin()
  return new InvalidLogin(
    'That email and password do not match. If you have just signed up, open the link in our email first.',
  )
}

/**
 * The limits that a try counts toward, the narrowest first. A device of the user's has its own, so that strangers cannot
 * lock it out.
 */
function countsFor(email: string, address: string, device: Device | null): [RateLimitName, string][] {
  if (device) return [['logInDevice', device.id]]
  const place = addressPrefix(address)
  return [
    ['logInHere', `${email}|${place}`],
    ['logInAddress', place],
    ['logInAccount', email],
  ]
}
