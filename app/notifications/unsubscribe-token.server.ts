import { createHmac, timingSafeEqual } from 'node:crypto'
import { Types } from 'mongoose'
import { config } from '../config.server.ts'
import { isOptionalMail, type OptionalMail } from './settings.ts'

// Signatures of other things made with the same secret must not pass here.
const PURPOSE = 'scrip unsubscribe 1'

/** The page where one click turns off a kind of mail for a user, without a log-in. It works as long as a secret is kept. */
export function unsubscribeUrl(userId: Types.ObjectId, mail: OptionalMail): string {
  const { appUrl, sessionSecrets } = config()
  const claim = `${userId.toHexString()}.${mail}`
  const token = `${claim}.${sign(claim, sessionSecrets[0] ?? '').toString('base64url')}`
  return `${appUrl}/unsubscribe?${new URLSearchParams({ token }).toString()}`
}

/**
 * Reads a token of {@link unsubscribeUrl}.
 * @returns null when it is not ours
 */
export function readUnsubscribeToken(token: string | null): { userId: Types.ObjectId; mail: OptionalMail } | null {
  const [, userId, mail, signature] = /^([0-9a-f]{24})\.([A-Za-z]+)\.([\w-]{43})$/.exec(token ?? '') ?? []
  if (userId === undefined || mail === undefined || signature === undefined || !isOptionalMail(mail)) return null
  const given = Buffer.from(signature, 'base64url')
  // Secrets rotate; a link in an old mail was signed by an older one.
  const isOurs = config().sessionSecrets.some((secret) => {
    const expected = sign(`${userId}.${mail}`, secret)
    return expected.length === given.length && timingSafeEqual(expected, given)
  })
  return isOurs ? { userId: new Types.ObjectId(userId), mail } : null
}

function sign(claim: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${PURPOSE}:${claim}`).digest()
}
