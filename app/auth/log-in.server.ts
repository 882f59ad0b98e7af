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

/** How one can log in. Another way (a passkey, another site's account) is another strategy here. */
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
 * Finds the user of an e-mail and a password, and makes up for a credit account that a crashed sign-up left out.
 * One whose address is not confirmed, where it has to be, gets another link by mail and is not logged in.
 * @param address the client's, for counting tries
 * @param device the client's, if a user has logged in from it before
 * @throws InvalidLogin | RateLimited
 */
export async function logIn(
  { email, password }: Credentials,
  address: string,
  device: Device | null = null,
): Promise<User> {
  const user = await UserModel.findOne({ email }).select('+passwordHash').lean<User>()
  const counts = countsFor(email, address, user && device && isDeviceOf(device, user) ? device : null)
  // Counted before the password is looked at: tries that run side by side cannot share one count. And one after the
  // other: a try that the client's own count refuses must not use up those that it shares with the account's owner.
  for (const [name, subject] of counts) await consumeAttempt(name, subject)

  const matches = await verifyPassword(user?.passwordHash ?? null, password)
  if (!user || !matches) throw invalidLogin()
  if (mayBeAStrangers(user)) {
    // The same answer as to a wrong password: else who has just signed up could see here that the address was free.
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
 * What a try counts against, the narrowest first. A device of the user's counts by itself alone, so that no stranger's
 * tries can lock it out.
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
