import type { Types } from 'mongoose'
import { type ApiKey, ApiKeyModel } from '#models/api-key.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { CallBatcher } from '../call-batcher.ts'
import { now } from '../clock.server.ts'
import { apiKeyCache, type KeyOwner } from './api-key-cache.server.ts'
import { scopesOf } from './api-scope.ts'
import { ApiKeyExpired } from './errors.ts'
import { hashToken } from './secret-token.server.ts'

export const KEY_START = 'sk_scrip_'
const LENGTH_MAX = 100
const LAST_USED_PRECISION_MS = 60_000

/** A program sends many requests at once; their keys and owners are looked up together. */
const keyReads = new CallBatcher(async (hashes: string[]) => {
  const found = await ApiKeyModel.find({ hash: { $in: hashes }, revokedAt: null })
    .select('+hash')
    .lean()
  const byHash = new Map(found.map((key) => [key.hash, key]))
  return hashes.map((hash) => byHash.get(hash) ?? null)
}, 64)

const ownerReads = new CallBatcher(async (ids: Types.ObjectId[]) => {
  const found = await UserModel.find({ _id: { $in: ids } }).lean<User[]>()
  const byId = new Map(found.map((user) => [user._id.toHexString(), user]))
  return ids.map((id) => byId.get(id.toHexString()) ?? null)
}, 64)

/**
 * Finds the owner of a key as of now, and notes the key's use to the minute.
 * @returns null for a key that is unknown or revoked
 * @throws ApiKeyExpired
 */
export async function findApiKeyOwner(key: string, cache = apiKeyCache): Promise<KeyOwner | null> {
  if (!isKey(key)) return null
  const hash = hashToken(key)
  const mark = cache.mark()
  const owner = await readOwner(hash)
  cache.set(hash, owner, mark)
  return owner && used(owner)
}

/**
 * Finds the owner of a key as of now or a few seconds ago: enough to let a call through, since the account itself decides
 * about its credits. Before a refusal, ask {@link findApiKeyOwner}.
 * @returns null for a key that is unknown or revoked
 * @throws ApiKeyExpired
 */
export async function findRecentApiKeyOwner(key: string, cache = apiKeyCache): Promise<KeyOwner | null> {
  const owner = isKey(key) ? cache.get(hashToken(key)) : null
  return owner ? used(owner) : findApiKeyOwner(key, cache)
}

const isKey = (text: string): boolean => text.startsWith(KEY_START) && text.length <= LENGTH_MAX

async function readOwner(hash: string): Promise<KeyOwner | null> {
  const key = await keyReads.call(hash)
  if (!key) return null
  const user = await ownerReads.call(key.userId)
  if (!user || epochOf(user) !== (key.epoch ?? 0)) return null
  const { _id: keyId, expiresAt = null, lastUsedAt = null } = key
  return { keyId, user, scopes: scopesOf(key), spender: spenderOf(key), expiresAt, lastUsedAt }
}

async function used(owner: KeyOwner): Promise<KeyOwner> {
  const { keyId, expiresAt, lastUsedAt } = owner
  const time = now()
  if (expiresAt && expiresAt <= time) throw new ApiKeyExpired(expiresAt)
  if (!lastUsedAt || lastUsedAt.getTime() < time.getTime() - LAST_USED_PRECISION_MS) {
    // Noted before the write, so that calls at the same time do not write it too.
    owner.lastUsedAt = time
    await ApiKeyModel.updateOne({ _id: keyId }, { $max: { lastUsedAt: time } })
  }
  return owner
}

/** Under which id a key has spending caps: the keys that replace it share them. */
export const spenderOf = ({ _id, firstId }: Pick<ApiKey, '_id' | 'firstId'>): string => (firstId ?? _id).toHexString()

/** Users and keys from before epochs have none, which counts as the first. */
export const epochOf = ({ apiKeyEpoch }: Pick<User, 'apiKeyEpoch'>): number => apiKeyEpoch ?? 0
