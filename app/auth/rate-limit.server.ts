import mongoose from 'mongoose'
import { RateLimiterMongo, RateLimiterRes } from 'rate-limiter-flexible'
import { config } from '../config.server.ts'
import { widerPrefix } from '../http/client-address.server.ts'
import { RateLimited } from '../http/errors.ts'

interface Rule {
  tries: number
  seconds: number
}

const MINUTE = 60
const HOUR = 60 * MINUTE

/**
 * The limits of each operation. Log-ins count by account and network together, so that no one can lock out a stranger. The
 * two wider rules slow down guessing from many networks or at many accounts, and count only what the first one admits.
 */
export const RULES = {
  logInHere: { tries: 10, seconds: 15 * MINUTE },
  /** By a device that the user logged in from before. */
  logInDevice: { tries: 10, seconds: 15 * MINUTE },
  logInAccount: { tries: 100, seconds: HOUR },
  logInAddress: { tries: 200, seconds: HOUR },
  signUp: { tries: 60, seconds: HOUR },
  /** By the email of an existing account: repeating a form takes several. */
  signUpAgain: { tries: 20, seconds: HOUR },
  passwordChange: { tries: 20, seconds: HOUR },
  /** By user: links that confirm the address. */
  confirmationMail: { tries: 5, seconds: HOUR },
  confirmationAddress: { tries: 60, seconds: HOUR },
  /** By an address that has an account: mails that say so. */
  accountExists: { tries: 3, seconds: HOUR },
  passwordReset: { tries: 5, seconds: HOUR },
  passwordResetAddress: { tries: 60, seconds: HOUR },
  /** By user: each costs work, even if it is not paid in the end. */
  actionRun: { tries: 120, seconds: MINUTE },
  actionCheck: { tries: 300, seconds: MINUTE },
  /** By user: each makes requests to Stripe, whose limits all customers share. */
  payment: { tries: 120, seconds: 10 * MINUTE },
  /** The page after a checkout polls every one or two seconds. */
  paymentLook: { tries: 180, seconds: MINUTE },
  support: { tries: 20, seconds: HOUR },
  /** By form: a second press of its button is the same question. */
  supportForm: { tries: 1, seconds: HOUR },
  /** Stops a program in a loop, not a busy customer: a thousand calls a second for a minute. */
  api: { tries: 60_000, seconds: MINUTE },
} satisfies Record<string, Rule>

export type RateLimitName = keyof typeof RULES

/** In local mode a whole test suite is one address. */
const LOCAL_FACTOR = 50
/** What these count is a client's network, as clientNetwork gives it. */
const BY_ADDRESS = new Set<RateLimitName>(['logInAddress', 'signUp', 'passwordResetAddress', 'confirmationAddress'])
/** A /48, which an IPv6 customer may own, has this many times the tries of a /64. */
const WIDER_FACTOR = 8

const limiters = new Map<string, { db: unknown; limiter: RateLimiterMongo }>()

/** What is left of a limit once a try is counted. */
export interface Quota {
  remaining: number
  /** Milliseconds to the end of the window. */
  endsInMs: number
}

/**
 * Counts tries against a limit that all processes share.
 * @param subject whom or what it counts
 * @throws RateLimited when there are no tries left in this window
 */
export async function consumeAttempt(name: RateLimitName, subject: string, tries = 1): Promise<void> {
  await consumeQuota(name, subject, tries)
}

/**
 * {@link consumeAttempt}, for who shows what is left.
 * @returns what is left for this subject
 * @throws RateLimited when there are no tries left in this window
 */
export async function consumeQuota(name: RateLimitName, subject: string, tries: number): Promise<Quota> {
  try {
    const [own, wider] = countersOf(name, subject)
    const { remainingPoints, msBeforeNext } = await own.limiter.consume(own.key, tries)
    await wider?.limiter.consume(wider.key, tries)
    return { remaining: remainingPoints, endsInMs: msBeforeNext }
  } catch (refusal) {
    if (!(refusal instanceof RateLimiterRes)) throw refusal
    throw new RateLimited(Math.max(1, Math.ceil(refusal.msBeforeNext / 1_000)))
  }
}

/**
 * Counts one try of a page's loader.
 * @throws a 429 response that says when to come back
 */
export async function takePageTry(name: RateLimitName, subject: string): Promise<void> {
  await consumeAttempt(name, subject).catch((error: unknown) => {
    if (!(error instanceof RateLimited)) throw error
    throw new Response(error.message, { status: 429, headers: { 'Retry-After': String(error.retryAfterSeconds) } })
  })
}

/**
 * Counts one try where the answer must not reveal that the limit is reached.
 * @returns false when there are no tries left in this window
 */
export async function hasTryLeft(name: RateLimitName, subject: string): Promise<boolean> {
  return consumeAttempt(name, subject).then(
    () => true,
    (error: unknown) => {
      if (error instanceof RateLimited) return false
      throw error
    },
  )
}

/** Returns a counted try after a correct log-in. */
export async function returnTry(name: RateLimitName, subject: string): Promise<void> {
  for (const counter of countersOf(name, subject)) await counter?.limiter.reward(counter.key, 1)
}

interface Counter {
  limiter: RateLimiterMongo
  key: string
}

/** What a try counts for: its subject, and for an IPv6 network also the wider one around it. */
function countersOf(name: RateLimitName, subject: string): [Counter, Counter?] {
  const wider = BY_ADDRESS.has(name) ? widerPrefix(subject) : null
  const own = { limiter: limiterOf(name), key: subject }
  return wider === null ? [own] : [own, { limiter: limiterOf(name, WIDER_FACTOR), key: wider }]
}

function limiterOf(name: RateLimitName, factor = 1): RateLimiterMongo {
  const { db } = mongoose.connection
  const id = `${name} ${factor}`
  const known = limiters.get(id)
  if (known && known.db === db) return known.limiter
  if (!db) throw new mongoose.Error.MongooseServerSelectionError('There is no connection to count tries in')

  const { tries, seconds } = RULES[name]
  const limiter = new RateLimiterMongo({
    // A lost count costs nothing, so it need not wait for the disk as money does.
    storeClient: { collection: (collection: string) => db.collection(collection, { writeConcern: { w: 1 } }) },
    tableName: 'rate_limits',
    keyPrefix: name,
    points: tries * factor * (config().isLocal && BY_ADDRESS.has(name) ? LOCAL_FACTOR : 1),
    duration: seconds,
    disableIndexesCreation: true,
  })
  limiters.set(id, { db, limiter })
  return limiter
}
