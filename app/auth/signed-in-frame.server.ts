import type { User } from '#models/user.server.ts'
import { config } from '../config.server.ts'
import { getBalance } from '../credits/balance.server.ts'
import { formatCreditsInWords } from '../format.ts'

/** Reads what the bar of a signed-in user's pages shows. */
export async function frameOf(user: User) {
  const { credits } = await getBalance(user._id)
  return {
    person: user.name || user.email,
    email: user.email,
    isConfirmed: Boolean(user.emailConfirmedAt),
    balance: formatCreditsInWords(credits),
    sandboxUrl: config().sandboxUrl,
  }
}
