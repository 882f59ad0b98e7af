import { Types } from 'mongoose'
import { config } from '../config.server.ts'
import { withSearch } from '../with-search.ts'
import { isOptionalMail, type OptionalMail } from './settings.ts'
import { isSigned, signClaim } from './signed-claim.server.ts'

const PURPOSE = 'scrip unsubscribe 1'

/** The page where one click turns off a kind of mail, without a log-in. It works as long as its secret is kept. */
export function unsubscribeUrl(userId: Types.ObjectId, mail: OptionalMail): string {
  const claim = `${userId.toHexString()}.${mail}`
  const token = `${claim}.${signClaim(PURPOSE, claim)}`
  return withSearch(`${config().appUrl}/unsubscribe`, { token })
}

/**
 * Reads a token of {@link unsubscribeUrl}.
 * @returns null if it is not ours
 */
export function readUnsubscribeToken(token: string | null): { userId: Types.ObjectId; mail: OptionalMail } | null {
  const [, userId, mail, signature] = /^([0-9a-f]{24})\.([A-Za-z]+)\.([\w-]{43})$/.exec(token ?? '') ?? []
  if (userId === undefined || mail === undefined || signature === undefined || !isOptionalMail(mail)) return null
  return isSigned(PURPOSE, `${userId}.${mail}`, signature) ? { userId: new Types.ObjectId(userId), mail } : null
}
