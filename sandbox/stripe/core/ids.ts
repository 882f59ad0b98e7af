import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Random letters and digits. */
export function randomText(length: number): string {
  let text = ''
  // 248 is the largest multiple of 62 in a byte; above it some letters would be more likely.
  while (text.length < length) for (const byte of randomBytes(length)) if (byte < 248) text += ALPHABET[byte % 62]!
  return text.slice(0, length)
}

/** An id like Stripe's: the kind, then random text (14 letters for old kinds, 24 for newer ones). */
export function newId(prefix: string): string {
  return `${prefix}_${SHORT.has(prefix) ? randomText(14) : `1${randomText(23)}`}`
}

const SHORT = new Set(['cus', 'prod', 'si', 'req'])
