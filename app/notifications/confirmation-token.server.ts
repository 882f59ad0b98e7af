import type { User } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { config } from '../config.server.ts'
import { CONFIRM_PATH, CONFIRMATION_HOURS } from '../email-confirmation/confirm-path.ts'
import { withSearch } from '../with-search.ts'
import { isSigned, signClaim } from './signed-claim.server.ts'

const PURPOSE = 'scrip confirm email 1'

const HOUR_MS = 60 * 60 * 1_000

interface ConfirmationClaim {
  userId: string
  /** Whether the link was mailed to this address. */
  isFor: (email: string) => boolean
}

/**
 * The page where a user confirms an address, which only its mail reveals. Nothing of it is stored: the signature covers the
 * user, the address and the expiry.
 */
export function confirmationUrl({ _id, email }: Pick<User, '_id' | 'email'>): string {
  const ends = Math.floor((now().getTime() + CONFIRMATION_HOURS * HOUR_MS) / 1_000)
  const claim = `${_id.toHexString()}.${ends}`
  const token = `${claim}.${signClaim(PURPOSE, `${claim}.${email}`)}`
  return withSearch(`${config().appUrl}${CONFIRM_PATH}`, { token })
}

/**
 * Reads a token of {@link confirmationUrl}.
 * @returns null if it is invalid or has expired
 */
export function readConfirmationToken(token: string): ConfirmationClaim | null {
  const [, userId, ends, signature] = /^([0-9a-f]{24})\.(\d{1,12})\.([\w-]{43})$/.exec(token) ?? []
  if (userId === undefined || ends === undefined || signature === undefined) return null
  if (Number(ends) * 1_000 <= now().getTime()) return null
  return { userId, isFor: (email) => isSigned(PURPOSE, `${userId}.${ends}.${email}`, signature) }
}
