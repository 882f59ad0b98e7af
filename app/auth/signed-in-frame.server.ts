import type { User } from '#models/user.server.ts'
import type { SignedInFrame } from '../components/app-frame.tsx'
import { config } from '../config.server.ts'
import { getBalance } from '../credits/balance.server.ts'
import { formatCreditsInWords } from '../format.ts'

/** What the bar around somebody's pages says: who it is, and the balance. */
export async function frameOf(user: User): Promise<SignedInFrame> {
  const { credits } = await getBalance(user._id)
  return {
    person: user.name || user.email,
    email: user.email,
    isAdmin: user.roles.includes('admin'),
    isConfirmed: Boolean(user.emailConfirmedAt),
    balance: formatCreditsInWords(credits),
    sandboxUrl: config().sandboxUrl,
  }
}
