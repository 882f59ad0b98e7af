import { randomBytes } from 'node:crypto'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Letters and digits, as many as asked for. */
export function randomText(length: number): string {
  let text = ''
  // 248 is the largest multiple of 62 in a byte: beyond it some letters would come more often.
  while (text.length < length) for (const byte of randomBytes(length)) if (byte < 248) text += ALPHABET[byte % 62]!
  return text.slice(0, length)
}

/** An id in Stripe's manner: what it is, then random text (old kinds have 14 letters, newer ones 24). */
export function newId(prefix: string): string {
  return `${prefix}_${SHORT.has(prefix) ? randomText(14) : `1${randomText(23)}`}`
}

const SHORT = new Set(['cus', 'prod', 'si', 'req'])
