import { createHash, randomBytes } from 'node:crypto'

const TOKEN_BYTES = 32

/** Makes a secret that nobody guesses: 256 random bits, as letters, digits, `-` and `_`. */
export function newToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url')
}

/**
 * What is stored of a secret token. A plain SHA-256 does, unlike for a password: the token is random, and looking it up
 * by its hash gives away nothing by its timing.
 * @param token the secret as its holder sends it
 */
export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}
