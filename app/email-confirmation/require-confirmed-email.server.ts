import type { User } from '#models/user.server.ts'
import { config } from '../config.server.ts'
import { EmailNotConfirmed } from './errors.ts'

type Addressee = Pick<User, 'emailConfirmedAt'>

/**
 * Checks that a user has confirmed the address, where that is required: see docs/decisions/0016.
 * @throws EmailNotConfirmed
 */
export function requireConfirmedEmail(user: Addressee): void {
  if (config().requireConfirmedEmail && !user.emailConfirmedAt) throw new EmailNotConfirmed()
}

/**
 * Whether an account may have been opened with a stranger's address, who never asked for mails. Accounts from before
 * addresses were confirmed lack the field: they still get their mails and can log in.
 */
export function mayBeAStrangers({ emailConfirmedAt }: Addressee): boolean {
  return config().requireConfirmedEmail && emailConfirmedAt === null
}
