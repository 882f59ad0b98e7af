import { randomBytes } from 'node:crypto'
import type { Types } from 'mongoose'
import { type ApiKey, ApiKeyModel } from '#models/api-key.server.ts'
import { now } from '../clock.server.ts'
import { ApiKeyNotFound, TooManyApiKeys } from './errors.ts'
import { hashToken } from './secret-token.server.ts'

const MAX_KEYS = 20
const KEY_START = 'sk_scrip_'
const PREFIX_LENGTH = KEY_START.length + 6
const LAST_USED_PRECISION_MS = 60_000

export interface ApiKeyView {
  id: string
  name: string
  /** Its first characters, to tell keys apart. */
  prefix: string
  createdAt: Date
  lastUsedAt: Date | null
}

/**
 * Creates an API key. Only its hash is kept.
 * @returns the key itself, for the one time that it is shown
 * @throws TooManyApiKeys
 */
export async function createApiKey(userId: Types.ObjectId, name: string): Promise<ApiKeyView & { key: string }> {
  if ((await ApiKeyModel.countDocuments({ userId, revokedAt: null })) >= MAX_KEYS) throw new TooManyApiKeys(MAX_KEYS)
  const key = `${KEY_START}${randomBytes(24).toString('hex')}`
  const created = await ApiKeyModel.create({
    userId,
    name,
    prefix: key.slice(0, PREFIX_LENGTH),
    hash: hashToken(key),
    createdAt: now(),
  })
  return { ...toView(created), key }
}

/** Lists a user's keys that work, newest first. */
export async function listApiKeys(userId: Types.ObjectId): Promise<ApiKeyView[]> {
  const keys = await ApiKeyModel.find({ userId, revokedAt: null }).sort({ createdAt: -1 }).limit(MAX_KEYS).lean()
  return keys.map(toView)
}

/**
 * Ends a key. Safe to repeat.
 * @param id the key's id, as it came from outside
 * @throws ApiKeyNotFound also for the key of somebody else
 */
export async function revokeApiKey(userId: Types.ObjectId, id: string): Promise<void> {
  if (!/^[0-9a-f]{24}$/.test(id)) throw new ApiKeyNotFound()
  const known = await ApiKeyModel.updateOne(
    { _id: id, userId },
    [{ $set: { revokedAt: { $ifNull: ['$revokedAt', now()] } } }],
    {
      updatePipeline: true,
    },
  )
  if (known.matchedCount === 0) throw new ApiKeyNotFound()
}

/**
 * Finds whose key this is, and notes its use to the minute.
 * @param key as the `Authorization` header carries it
 * @returns null for a key that is unknown or revoked
 */
export async function findApiKeyOwner(key: string): Promise<Types.ObjectId | null> {
  if (!key.startsWith(KEY_START) || key.length > 100) return null
  const found = await ApiKeyModel.findOne({ hash: hashToken(key), revokedAt: null }).lean()
  if (!found) return null
  const noteBefore = new Date(now().getTime() - LAST_USED_PRECISION_MS)
  if (!found.lastUsedAt || found.lastUsedAt < noteBefore) {
    await ApiKeyModel.updateOne({ _id: found._id }, { $max: { lastUsedAt: now() } })
  }
  return found.userId
}

function toView(key: Pick<ApiKey, '_id' | 'name' | 'prefix' | 'createdAt' | 'lastUsedAt'>): ApiKeyView {
  return {
    id: key._id.toHexString(),
    name: key.name,
    prefix: key.prefix,
    createdAt: key.createdAt,
    lastUsedAt: key.lastUsedAt ?? null,
  }
}
