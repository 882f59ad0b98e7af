import { randomBytes } from 'node:crypto'
import type { Types } from 'mongoose'
import { type ApiKey, ApiKeyModel, type ApiScope } from '#models/api-key.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { requireFeature } from '../billing/entitlements/entitlements.ts'
import { now } from '../clock.server.ts'
import { requireConfirmedEmail } from '../email-confirmation/require-confirmed-email.server.ts'
import { notifyKeyCreated } from './account-mails.server.ts'
import { apiKeyCache } from './api-key-cache.server.ts'
import { epochOf, KEY_START, spenderOf } from './api-key-owner.server.ts'
import { SCOPES, scopesOf } from './api-scope.ts'
import { ApiKeyNotFound, TooManyApiKeys } from './errors.ts'
import { hashToken } from './secret-token.server.ts'

const MAX_KEYS = 20
const PREFIX_LENGTH = KEY_START.length + 6
const DAY_MS = 24 * 60 * 60 * 1000
/** How long before it expires a key's owner is told. */
const NOTICE_MS = 7 * DAY_MS
/** How long an expired key stays in its owner's list. */
const SHOWN_EXPIRED_MS = 30 * DAY_MS

/**
 * Checks whether a user may create an API key, apart from their number.
 * @throws EmailNotConfirmed, FeatureNotInPlan, PlanPaused, SpendingFrozen
 */
export function checkMayCreateKey(user: Pick<User, 'emailConfirmedAt' | 'subscription'>): void {
  requireConfirmedEmail(user)
  requireFeature(user, 'apiAccess', now())
}

interface KeyTerms {
  name: string
  scopes?: ApiScope[]
  /** In milliseconds from now; null for no end. */
  lifeMs?: number | null
  /** The first key of the rotations that lead to this one. */
  firstId?: Types.ObjectId | null
}

/**
 * Creates an API key and tells its owner by mail. Only its hash is kept.
 * @returns the key itself, for the one time it is shown
 * @throws TooManyApiKeys, and what {@link checkMayCreateKey} throws
 */
export async function createApiKey(userId: Types.ObjectId, name: string, terms: Omit<KeyTerms, 'name'> = {}) {
  const user = await readKeyOwner(userId)
  checkMayCreateKey(user)
  if ((await countForLimit(user)) >= MAX_KEYS) throw new TooManyApiKeys(MAX_KEYS)
  const { key, created } = await insertKey(user, { name, ...terms })
  // Counted again with this one: of keys created at once, each sees those created before its own count.
  if ((await countForLimit(user)) > MAX_KEYS) {
    await ApiKeyModel.deleteOne({ _id: created._id })
    throw new TooManyApiKeys(MAX_KEYS)
  }
  await notifyKeyCreated(userId, created)
  return { ...toView(created), key }
}

/** The user as of now, for an operation on the keys. */
export async function readKeyOwner(userId: Types.ObjectId): Promise<User> {
  const user = await UserModel.findById(userId).lean<User>()
  if (!user) throw new Error('The user of an API key is gone')
  return user
}

/** Stores a new key, with no limit checked and no mail. */
export async function insertKey(
  user: Pick<User, '_id' | 'apiKeyEpoch'>,
  { name, scopes = SCOPES.spend, lifeMs = null, firstId = null }: KeyTerms,
): Promise<{ key: string; created: ApiKey }> {
  const key = `${KEY_START}${randomBytes(24).toString('hex')}`
  const createdAt = now()
  const expiresAt = lifeMs === null ? null : new Date(createdAt.getTime() + lifeMs)
  const created = await ApiKeyModel.create({
    userId: user._id,
    name,
    prefix: key.slice(0, PREFIX_LENGTH),
    hash: hashToken(key),
    scopes,
    epoch: epochOf(user),
    firstId,
    createdAt,
    expiresAt,
    noticeAt: expiresAt && new Date(expiresAt.getTime() - NOTICE_MS),
  })
  return { key, created: created.toObject<ApiKey>() }
}

/** Lists a user's keys that are not revoked, newest first: the active ones, and for a month those that expired. */
export async function listApiKeys(userId: Types.ObjectId) {
  const user = await UserModel.findById(userId).select({ apiKeyEpoch: 1 }).lean<Pick<User, '_id' | 'apiKeyEpoch'>>()
  if (!user) return []
  const shownFrom = new Date(now().getTime() - SHOWN_EXPIRED_MS)
  const shown = [...unexpired(), { expiresAt: { $gt: shownFrom }, rotatedTo: null }]
  const keys = await ApiKeyModel.find({ ...liveKeysOf(user), $or: shown })
    .sort({ createdAt: -1 })
    .lean()
  return keys.map(toView)
}

/**
 * Revokes a key: at once in this process, and within `KEY_LIFE_MS` in the others. Safe to repeat.
 * @throws ApiKeyNotFound also for the key of another user
 */
export async function revokeApiKey(userId: Types.ObjectId, id: string): Promise<void> {
  if (!isKeyId(id)) throw new ApiKeyNotFound()
  const revoke = [{ $set: { revokedAt: { $ifNull: ['$revokedAt', now()] }, noticeAt: null } }]
  // Also if the answer is lost: the key may be revoked.
  const known = await ApiKeyModel.updateOne({ _id: id, userId }, revoke, { updatePipeline: true }).finally(() =>
    apiKeyCache.forget(userId),
  )
  if (known.matchedCount === 0) throw new ApiKeyNotFound()
}

/** The name of a key that its owner has revoked, to confirm it; null for any other id. */
export async function findRevokedName(userId: Types.ObjectId, id: string | null): Promise<string | null> {
  if (id === null || !isKeyId(id)) return null
  const key = await ApiKeyModel.findOne({ _id: id, userId, revokedAt: { $ne: null } }).lean()
  return key?.name ?? null
}

/**
 * Marks the keys that the user's new epoch has revoked: the epoch itself did that, this only keeps the list in order.
 * @returns how many
 */
export async function markKeysRevoked(user: Pick<User, '_id' | 'apiKeyEpoch'>): Promise<number> {
  const { modifiedCount } = await ApiKeyModel.updateMany(
    { userId: user._id, revokedAt: null, epoch: { $nin: epochsOf(user) }, $or: unexpired() },
    { $set: { revokedAt: now(), noticeAt: null } },
  )
  return modifiedCount
}

/** How many keys of a user work. */
export async function countLive(user: Pick<User, '_id' | 'apiKeyEpoch'>): Promise<number> {
  return ApiKeyModel.countDocuments(liveKeysOf(user))
}

/** A key that was replaced does not count: rotating a key takes no place of another. */
const countForLimit = (user: Pick<User, '_id' | 'apiKeyEpoch'>) =>
  ApiKeyModel.countDocuments({ ...liveKeysOf(user), rotatedTo: null })

/** The values that a query has to match. */
const epochsOf = (user: Pick<User, 'apiKeyEpoch'>) => (epochOf(user) === 0 ? [0, null] : [epochOf(user)])

/** Matches the keys of a user that work. */
export const liveKeysOf = (user: Pick<User, '_id' | 'apiKeyEpoch'>) => ({
  userId: user._id,
  revokedAt: null,
  epoch: { $in: epochsOf(user) },
  $or: unexpired(),
})

const unexpired = () => [{ expiresAt: null }, { expiresAt: { $gt: now() } }]

export const isKeyId = (id: string): boolean => /^[0-9a-f]{24}$/.test(id)

/** A key as pages show it, without its hash. */
export function toView(key: Omit<ApiKey, 'hash' | 'userId'>) {
  const { expiresAt = null, lastUsedAt = null } = key
  return {
    id: key._id.toHexString(),
    name: key.name,
    /** Its first characters, to tell keys apart. */
    prefix: key.prefix,
    scopes: scopesOf(key),
    createdAt: key.createdAt,
    expiresAt,
    lastUsedAt,
    spender: spenderOf(key),
    /** Another key replaces it. */
    isRotated: Boolean(key.rotatedTo),
  }
}
