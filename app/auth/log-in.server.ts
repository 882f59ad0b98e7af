import { Authenticator } from 'remix-auth'
import { FormStrategy } from 'remix-auth-form'
import { type User, UserModel } from '#models/user.server.ts'
import { welcomeCredits } from '../billing/plans.ts'
import { openAccount } from '../credits/account.server.ts'
import { clientAddress } from '../http/client-address.server.ts'
import { InvalidRequest } from '../http/errors.ts'
import { describeIssue } from '../http/invalid-fields.ts'
import { type Credentials, logInForm } from './credentials.ts'
import { type Device, isDeviceOf, readDevice } from './device.server.ts'
import { InvalidLogin } from './errors.ts'
import { verifyPassword } from './password.server.ts'
import { fromAddress, type RateLimitName, returnTry, takeTry } from './rate-limit.server.ts'

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
 * @param address the client's, for counting tries
 * @param device the client's, if it is one in which somebody has logged in before
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
  for (const [name, subject] of counts) await takeTry(name, subject)

  const matches = await verifyPassword(user?.passwordHash ?? null, password)
  if (!user || !matches) throw new InvalidLogin()

  await Promise.all([
    ...counts.map(([name, subject]) => returnTry(name, subject)),
    openAccount(user._id, { welcomeCredits }),
  ])
  const { passwordHash: _, ...rest } = user
  return rest as User
}

/**
 * What a try counts against, the narrowest first. A device of the user's counts by itself alone, so that no stranger's
 * tries can lock it out.
 */
function countsFor(email: string, address: string, device: Device | null): [RateLimitName, string][] {
  if (device) return [['logInDevice', device.id]]
  const place = fromAddress(address)
  return [
    ['logInHere', `${email}|${place}`],
    ['logInAddress', place],
    ['logInAccount', email],
  ]
}
