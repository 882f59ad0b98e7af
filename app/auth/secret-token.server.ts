import { createHash, randomBytes } from 'node:crypto'

const TOKEN_BYTES = 32

/** Makes a secret of 256 random bits, as letters, digits, `-` and `_`. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/**
 * What is stored of a secret token. A plain SHA-256 is enough, unlike for a password: the token is random, and a lookup by
 * its hash reveals nothing through timing.
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
