import { hash, type Options, verify } from '@node-rs/argon2'
import pLimit from 'p-limit'
import { RateLimited } from '../http/errors.ts'
import { PASSWORD_MAX } from './credentials.ts'

/** OWASP's recommendation for argon2id: 19 MiB, two passes, one lane. */
const COST: Options = { memoryCost: 19_456, timeCost: 2, parallelism: 1 }

/** Hashing needs the CPU, and the four threads that files and DNS use too: two at once leave room for both. */
const limit = pLimit(2)
/** Beyond this many waiting log-ins, the honest answer is "later". */
const MAX_WAITING = 100

/**
 * Hashes a password with argon2id, in Unicode's composed form: keyboards send the same letter differently.
 * @throws RateLimited when too many hashes are waiting
 */
export async function hashPassword(password: string): Promise<string> {
  return inTurn(() => hash(password.normalize('NFC'), COST))
}

let dummyHash: Promise<string> | null = null

/**
 * Checks a password. Without a hash (no such user) it does the same work on a dummy, so that its time does not reveal which
 * addresses have an account. Hashes from before passwords were normalized match the typed form, so that is tried too.
 * @throws RateLimited when too many hashes are waiting
 */
export async function verifyPassword(passwordHash: string | null, password: string): Promise<boolean> {
  if (password.length > PASSWORD_MAX) return false
  // Not in turn with the others: if it were refused there, the process would never get a dummy.
  const dummy = await (dummyHash ??= hash('the password of nobody', COST))
  for (const form of new Set([password.normalize('NFC'), password])) {
    const matches = await inTurn(() => verify(passwordHash ?? dummy, form))
    if (matches) return passwordHash !== null
  }
  return false
}

async function inTurn<T>(work: () => Promise<T>): Promise<T> {
  if (limit.pendingCount >= MAX_WAITING) throw new RateLimited(5)
  return limit(work)
}
