import { hash, type Options, verify } from '@node-rs/argon2'
import { RateLimited } from '../http/errors.ts'
import { PASSWORD_MAX } from './credentials.ts'

/** OWASP's first choice for argon2id: 19 MiB, two passes, one lane. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashing shares the four threads that files and DNS need too, and fills the CPU: two at once leave room for both. */
const AT_ONCE = 2
/** Beyond this many waiting logins it is honest to say "later". */
const MAX_WAITING = 100

let running = 0
const waiting: (() => void)[] = []

/**
 * Hashes a password with argon2id, in Unicode's composed form: keyboards differ in how they send the same letter.
 * @throws RateLimited when too many hashes are waiting already
 */
export async function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password.normalize('NFC'), COST))
}

let dummyHash: Promise<string> | null = null

/**
 * Checks a password. Without a hash (no such user) it does the same work on a dummy, so that the time it takes does not
 * tell which e-mails have an account. A password that is too long is wrong without any work. Hashes from before
 * passwords were normalized fit what was typed then, so that is tried as well where it differs.
 * @param passwordHash the user's, or null
 * @throws RateLimited when too many hashes are waiting already
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > PASSWORD_MAX) return false
  // Not in the line of the others: refused there, the dummy would stay away for as long as the process lives.
  const dummy = await (dummyHash ??= hash('the password of nobody', COST))
  for (const form of new Set([password.normalize('NFC'), password])) {
    const matches = await inTurn(() => verify(passwordHash ?? dummy, form))
    if (matches) return passwordHash !== null
  }
  return false
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (running >= AT_ONCE) {
    if (waiting.length >= MAX_WAITING) throw new RateLimited(5)
    await new Promise<void>((resolve) => waiting.push(resolve))
  } else {
    running += 1
  }
  try {
    return await work()
  } finally {
    // The place goes straight to the next in line, so that nobody can slip in between.
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }
}
