import { z } from 'zod'
import { planOf } from '../billing/entitlements/current-plan.ts'
import { checkFeature } from '../billing/entitlements/entitlements.ts'
import type { Feature, Plan } from '../billing/plans.ts'
import { SPEND_MAX } from '../credits/credits.ts'
import { HoldNotFound } from '../credits/errors.ts'
import { apiKeyFor } from '../credits/keys.ts'
import { DomainError } from '../domain-error.ts'
import { type Refused, withRefusalOptions } from './refusal-options.server.ts'

/** How a caller of the API proved who it is. */
type Via = 'session' | 'api_key'

/** A caller with an API key sent no idempotency key: after a lost answer, a retry would charge twice. */
export class IdempotencyKeyRequired extends DomainError {
  readonly code = 'idempotency_key_required'
  constructor() {
    super('Send an Idempotency-Key header, so that a retry never charges twice.')
  }
}

/** The Idempotency-Key header is malformed. */
export class InvalidIdempotencyKey extends DomainError {
  readonly code = 'invalid_idempotency_key'
  constructor() {
    super('An Idempotency-Key must be 1 to 255 visible ASCII characters without spaces.')
  }
}

const VISIBLE_ASCII = /^[\x21-\x7e]{1,255}$/

/**
 * The Idempotency-Key header of a request.
 * @returns undefined without the header, which only a session may do
 * @throws IdempotencyKeyRequired, InvalidIdempotencyKey
 */
export function idempotencyKeyOf(request: Request, via: Via): string | undefined {
  const key = request.headers.get('Idempotency-Key')
  if (key === null && via === 'api_key') throw new IdempotencyKeyRequired()
  if (key === null) return undefined
  if (!VISIBLE_ASCII.test(key)) throw new InvalidIdempotencyKey()
  return key
}

/** The key of the entry that a request makes; undefined and throws as {@link idempotencyKeyOf}. */
export function entryKeyOf(request: Request, via: Via, operation: 'spend' | 'hold'): string | undefined {
  const key = idempotencyKeyOf(request, via)
  return key === undefined ? undefined : apiKeyFor(operation, key)
}

interface Spender {
  /** May be a few seconds old. */
  user: Refused
  via: Via
  /** Reads the user as of now. */
  readUser: () => Promise<Refused>
}

/**
 * Spends or reserves credits for a caller of the API; a refusal carries its options. A plan that was read a moment ago can
 * let the call through; before it refuses, it is read again, since the user may have just bought a larger one.
 * @throws FeatureNotInPlan, and whatever `readUser` and `spend` throw
 */
export function spendOverApi<T>(
  { user, via, readUser }: Spender,
  credits: number,
  spend: () => Promise<T>,
): Promise<T> {
  const feature = featureOf(via)
  return withRefusalOptions(readUser, { credits, feature }, async () => {
    const isKnownToBeAllowed = !feature || planOf(user.subscription).features[feature]
    if (!isKnownToBeAllowed) checkApiAccess(planOf((await readUser()).subscription), via)
    return spend()
  })
}

/**
 * Lets through whose plan has the API. A session may always ask: the pages do.
 * @throws FeatureNotInPlan
 */
export function checkApiAccess(plan: Plan, via: Via): void {
  const feature = featureOf(via)
  if (feature) checkFeature(plan, feature, 'The API')
}

const featureOf = (via: Via): Feature | undefined => (via === 'api_key' ? 'apiAccess' : undefined)

/** Headers that say whether an answer is the one that the first request with this key got. */
export const replayHeaders = (replayed: boolean): Record<string, string> =>
  replayed ? { 'Idempotent-Replayed': 'true' } : {}

/**
 * Lets through what can be the id of a hold.
 * @throws HoldNotFound for anything else, without echoing it
 */
export function parseHoldId(text: string | undefined): string {
  if (!text || !/^hold_[A-Za-z0-9_-]{22}$/.test(text)) throw new HoldNotFound('unknown')
  return text
}

const wholeCredits = (min: number) =>
  z
    .int({ error: wording(min) })
    .min(min, { error: wording(min) })
    .max(SPEND_MAX, { error: wording(min) })

const wording = (min: number) => `must be a whole number from ${min} to ${SPEND_MAX}`

const METADATA_KEYS_MAX = 20
const METADATA_VALUE_MAX = 500
const METADATA_KEY = /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/
/** Names that have a meaning in JavaScript when careless code reads such a record. */
const RESERVED_KEYS = new Set(['constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf'])

/** A flat record of short texts. Not z.record: that one drops `__proto__` silently, and this one refuses it. */
const anyMetadata = z.unknown().meta({
  type: 'object',
  maxProperties: METADATA_KEYS_MAX,
  propertyNames: { pattern: METADATA_KEY.source },
  additionalProperties: { type: 'string', maxLength: METADATA_VALUE_MAX },
  description: 'Short texts of your own, kept with the entry: up to 20 keys, and 2 KB in all.',
})

const metadata = anyMetadata.transform((value, context): Record<string, string> => {
  const refuse = (message: string) => {
    context.addIssue({ code: 'custom', message })
    return z.NEVER
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return refuse('must be an object of strings')
  const entries = Object.entries(value as Record<string, unknown>)
  if (entries.length > METADATA_KEYS_MAX) return refuse(`must have at most ${METADATA_KEYS_MAX} keys`)
  const copy = Object.create(null) as Record<string, string>
  for (const [key, text] of entries) {
    if (!METADATA_KEY.test(key) || RESERVED_KEYS.has(key)) {
      return refuse('has a key that is not allowed: use up to 40 letters, digits, - and _')
    }
    if (typeof text !== 'string' || text.length > METADATA_VALUE_MAX)
      return refuse(`has a value that is not a string of up to ${METADATA_VALUE_MAX} characters`)
    copy[key] = text
  }
  return copy
})

const actionName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9 ._:/-]{0,63}$/, { error: 'must be up to 64 letters, digits, spaces and . _ : / -' })
  .describe('What the credits are spent on, as the ledger and the usage name it.')

/** The action of an entry whose caller names none. */
export const API_ACTION = 'api'

/** Body of `POST /api/credits/deduct`. Strict: an unknown field, such as another user's id, is an error. */
export const deductBody = z.strictObject({
  credits: wholeCredits(1).describe('How many credits to spend.'),
  action: actionName.default(API_ACTION),
  metadata: metadata.optional(),
})

/** Body of `POST /api/credits/holds`. */
export const holdBody = z.strictObject({
  credits: wholeCredits(1).describe('How many credits to set aside: the most that the work can cost.'),
  action: actionName.default(API_ACTION),
  ttlSeconds: z
    .int({ error: 'must be a whole number from 1 to 86400' })
    .min(1)
    .max(86_400)
    .describe('When the hold expires, in seconds from now; 15 minutes if left out.')
    .optional(),
  metadata: metadata.optional(),
})

/** Body of `POST /api/credits/holds/:id/capture`; 0 is a release. */
export const captureBody = z.strictObject({
  credits: wholeCredits(0).describe('How many credits of the hold were used; 0 releases all.'),
})
