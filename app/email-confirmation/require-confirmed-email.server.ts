import type { User } from '#models/user.server.ts'
import { config } from '../config.server.ts'
import { EmailNotConfirmed } from './errors.ts'

type Addressee = Pick<User, 'emailConfirmedAt'>

/**
 * Lets through whose address is confirmed, where that has to be: see docs/decisions/0016.
 * @throws EmailNotConfirmed
 */
export function requireConfirmedEmail(user: Addressee): void {
  if (config().requireConfirmedEmail && !user.emailConfirmedAt) throw new EmailNotConfirmed()
}

/**
 * True where an account may have been opened with the address of a stranger, who never asked for mails. Accounts from
 * before addresses were confirmed lack the field: they keep getting their mails and can be logged in to.
 */
export function mayBeAStrangers({ emailConfirmedAt }: Addressee): boolean {
  return config().requireConfirmedEmail && emailConfirmedAt === null
}
