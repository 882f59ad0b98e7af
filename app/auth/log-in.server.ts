import { Authenticator } from 'remix-auth'
import { FormStrategy } from 'remix-auth-form'
import { type User, UserModel } from '#models/user.server.ts'
import { welcomeCredits } from '../billing/plans.ts'
import { openAccount } from '../credits/account.server.ts'
import { clientAddress } from '../http/client-address.server.ts'
import { InvalidRequest } from '../http/errors.ts'
import { describeIssue } from '../http/invalid-fields.ts'
import { type Credentials, logInForm } from './credentials.ts'
import { InvalidLogin } from './errors.ts'
import { verifyPassword } from './password.server.ts'
import { fromAddress, returnTry, takeTry } from './rate-limit.server.ts'

/** How one can log in. Another way (a passkey, another site's account) is another strategy here. */
export const authenticator = new Authenticator<User>()

authenticator.use(
  new FormStrategy(async ({ form, request }) => {
    const credentials = logInForm.safeParse(Object.fromEntries(form))
    if (!credentials.success) throw new InvalidRequest(...describeIssue(credentials.error.issues))
    return logIn(credentials.data, clientAddress(request))
  }),
  'form',
)

/**
 * Finds the user of an e-mail and a password, and makes up for a credit account that a crashed sign-up left out.
 * @param address the client's, for counting tries
 * @throws InvalidLogin | RateLimited
 */
export async function logIn({ email, password }: Credentials, address: string): Promise<User> {
  const place = fromAddress(address)
  // Counted before the password is looked at: tries that run side by side cannot share one count.
  await Promise.all([
    takeTry('logInHere', `${email}|${place}`),
    takeTry('logInAccount', email),
    takeTry('logInAddress', place),
  ])

  const user = await UserModel.findOne({ email }).select('+passwordHash').lean<User>()
  const matches = await verifyPassword(user?.passwordHash ?? null, password)
  if (!user || !matches) throw new InvalidLogin()

  await Promise.all([
    returnTry('logInHere', `${email}|${place}`),
    returnTry('logInAccount', email),
    returnTry('logInAddress', place),
    openAccount(user._id, { welcomeCredits }),
  ])
  const { passwordHash: _, ...rest } = user
  return rest as User
}
