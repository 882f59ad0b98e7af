import { randomBytes } from 'node:crypto'
import type { Types } from 'mongoose'
import { type ApiKey, ApiKeyModel } from '#models/api-key.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { requireFeature } from '../billing/entitlements/entitlements.ts'
import { now } from '../clock.server.ts'
import { requireConfirmedEmail } from '../email-confirmation/require-confirmed-email.server.ts'
import { notifyKeyCreated } from './account-mails.server.ts'
import { apiKeyCache } from './api-key-cache.server.ts'
import { epochOf, KEY_START } from './api-key-owner.server.ts'
import { ApiKeyNotFound, TooManyApiKeys } from './errors.ts'
import { hashToken } from './secret-token.server.ts'

const MAX_KEYS = 20
const PREFIX_LENGTH = KEY_START.length + 6

/**
 * Checks whether a user may create an API key, apart from their number.
 * @throws EmailNotConfirmed, FeatureNotInPlan, PlanPaused, SpendingFrozen
 */
export function checkMayCreateKey(user: Pick<User, 'emailConfirmedAt' | 'subscription'>): void {
  requireConfirmedEmail(user)
  requireFeature(user, 'apiAccess', now())
}

/**
 * Creates an API key and tells its owner by mail. Only its hash is kept.
 * @returns the key itself, for the one time it is shown
 * @throws TooManyApiKeys, and what {@link checkMayCreateKey} throws
 */
export async function createApiKey(userId: Types.ObjectId, name: string) {
  const user = await UserModel.findById(userId).lean<User>()
  if (!user) throw new Error('The user of a new API key is gone')
  checkMayCreateKey(user)
  if ((await countLive(user)) >= MAX_KEYS) throw new TooManyApiKeys(MAX_KEYS)
  const key = `${KEY_START}${randomBytes(24).toString('hex')}`
  const created = await ApiKeyModel.create({
    userId,
    name,
    prefix: key.slice(0, PREFIX_LENGTH),
    hash: hashToken(key),
    epoch: epochOf(user),
    createdAt: now(),
  })
  // Counted again with this one: of keys created at once, each sees those created before its own count.
  if ((await countLive(user)) > MAX_KEYS) {
    await ApiKeyModel.deleteOne({ _id: created._id })
    throw new TooManyApiKeys(MAX_KEYS)
  }
  await notifyKeyCreated(userId, created)
  return { ...toView(created), key }
}

/** Lists a user's active keys, newest first. */
export async function listApiKeys(userId: Types.ObjectId) {
  const user = await UserModel.findById(userId).select({ apiKeyEpoch: 1 }).lean<Pick<User, '_id' | 'apiKeyEpoch'>>()
  if (!user) return []
  const keys = await ApiKeyModel.find(liveKeysOf(user)).sort({ createdAt: -1 }).lean()
  return keys.map(toView)
}

/**
 * Revokes a key: at once in this process, and within `KEY_LIFE_MS` in the others. Safe to repeat.
 * @throws ApiKeyNotFound also for the key of another user
 */
export async function revokeApiKey(userId: Types.ObjectId, id: string): Promise<void> {
  if (!isKeyId(id)) throw new ApiKeyNotFound()
  const revoke = [{ $set: { revokedAt: { $ifNull: ['$revokedAt', now()] } } }]
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
    { userId: user._id, revokedAt: null, epoch: { $nin: epochsOf(user) } },
    { $set: { revokedAt: now() } },
  )
  return modifiedCount
}

/** How many active keys a user has. */
export async function countLive(user: Pick<User, '_id' | 'apiKeyEpoch'>): Promise<number> {
  return ApiKeyModel.countDocuments(liveKeysOf(user))
}

/** The values that a query has to match. */
const epochsOf = (user: Pick<User, 'apiKeyEpoch'>) => (epochOf(user) === 0 ? [0, null] : [epochOf(user)])

const liveKeysOf = (user: Pick<User, '_id' | 'apiKeyEpoch'>) => ({
  userId: user._id,
  revokedAt: null,
  epoch: { $in: epochsOf(user) },
})

const isKeyId = (id: string): boolean => /^[0-9a-f]{24}$/.test(id)

function toView(key: Pick<ApiKey, '_id' | 'name' | 'prefix' | 'createdAt' | 'lastUsedAt'>) {
  return {
    id: key._id.toHexString(),
    name: key.name,
    /** Its first characters, to tell keys apart. */
    prefix: key.prefix,
    createdAt: key.createdAt,
    lastUsedAt: key.lastUsedAt ?? null,
  }
}
