import { dictionary } from '@zxcvbn-ts/language-common'

import { PASSWORD_MIN } from './credentials.ts'
import { WeakPassword } from './errors.ts'
import { hashPassword } from './password.server.ts'

// The 3,000 most used that our length allows: as many as OWASP ASVS 5 (6.2.4) asks for.
const COMMON_PASSWORDS = new Set(
  dictionary['passwords-common'].filter((password) => password.length >= PASSWORD_MIN).slice(0, 3_000),
)

/**
 * Hashes a new password. There are no composition rules: only the most common passwords, and the user's address, are
 * refused.
 * @throws WeakPassword, RateLimited
 */
export async function hashNewPassword(password: string, email: string): Promise<string> {
  const problem = weaknessOf(password, email)
  if (problem) throw new WeakPassword(problem)
  return hashPassword(password)
}

/** Why a password is easy to guess, in a sentence; null if it is not. */
export function weaknessOf(password: string, email: string): string | null {
  const folded = password.normalize('NFKC').toLowerCase().trim()
  if (folded === '') return 'Use more than spaces.'
  if (folded === email || folded === email.slice(0, email.lastIndexOf('@'))) {
    return 'Choose a password that is not your email.'
  }
  const isOneCharacter = new Set(folded).size === 1
  if (isOneCharacter || COMMON_PASSWORDS.has(folded)) {
    return 'Many people use this password, so it is guessed first. Choose another one.'
  }
  return null
}
