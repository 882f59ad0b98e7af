import { createHmac, timingSafeEqual } from 'node:crypto'
import { config } from '../config.server.ts'

/**
 * Signs a claim for a link in a mail.
 * @param purpose what the link is for: a signature for one purpose is invalid for another
 */
export function signClaim(purpose: string, claim: string): string {
  return sign(purpose, claim, config().sessionSecrets[0] ?? '').toString('base64url')
}

/** Whether a signature of {@link signClaim} is ours. Secrets rotate: an old mail was signed with an older one. */
export function isSigned(purpose: string, claim: string, signature: string): boolean {
  const given = Buffer.from(signature, 'base64url')
  return config().sessionSecrets.some((secret) => {
    const expected = sign(purpose, claim, secret)
    return expected.length === given.length && timingSafeEqual(expected, given)
  })
}

function sign(purpose: string, claim: string, secret: string): Buffer {
  return createHmac('sha256', secret).update(`${purpose}:${claim}`).digest()
}
