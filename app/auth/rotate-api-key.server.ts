import type { Types } from 'mongoose'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { now } from '../clock.server.ts'
import { notifyKeyCreated } from './account-mails.server.ts'
import { apiKeyCache } from './api-key-cache.server.ts'
import { checkMayCreateKey, countLive, insertKey, isKeyId, liveKeysOf, readKeyOwner, toView } from './api-key.server.ts'
import { scopesOf } from './api-scope.ts'
import { ApiKeyNotFound, ApiKeyNotRotatable, TooManyApiKeys } from './errors.ts'

/** How long a key works after another one replaced it. */
const ROTATION_MS = 24 * 60 * 60 * 1000
/** Twice the limit of keys: each can be rotated within a day, also by who has the most. */
const MAX_WORKING = 40

/**
 * Replaces an API key by another one with the same name, scopes and length of life, and tells its owner by mail. The old
 * one works for 24 hours more, or until its own end if that is earlier. Of two rotations at once, one succeeds.
 * @returns the new key itself, for the one time it is shown
 * @throws ApiKeyNotFound also for the key of another user; ApiKeyNotRotatable for one that was replaced or has expired;
 *   TooManyApiKeys when 40 keys work; and what `checkMayCreateKey` throws
 */
export async function rotateApiKey(userId: Types.ObjectId, id: string) {
  const user = await readKeyOwner(userId)
  checkMayCreateKey(user)
  const old = isKeyId(id) ? await ApiKeyModel.findOne({ _id: id, userId, revokedAt: null }).lean() : null
  if (!old) throw new ApiKeyNotFound()
  const lifeMs = old.expiresAt ? old.expiresAt.getTime() - old.createdAt.getTime() : null
  if (old.rotatedTo) throw alreadyRotated()
  // First the new key: if the process dies before the next write, nobody has it, and the old one works as before.
  const { key, created } = await insertKey(user, {
    ...{ name: old.name, scopes: [...scopesOf(old)], lifeMs },
    firstId: old.firstId ?? old._id,
  })
  const withdraw = () => ApiKeyModel.deleteOne({ _id: created._id })
  if ((await countLive(user)) > MAX_WORKING) {
    await withdraw()
    throw new TooManyApiKeys(MAX_WORKING)
  }
  const worksUntil = new Date(now().getTime() + ROTATION_MS)
  const replaced = await ApiKeyModel.findOneAndUpdate(
    { _id: old._id, rotatedTo: null, ...liveKeysOf(user) },
    { $set: { rotatedTo: created._id, noticeAt: null, expiresAt: earlier(old.expiresAt, worksUntil) } },
    { returnDocument: 'after' },
  )
    .lean()
    // Also if the answer is lost: its end may be another one now.
    .finally(() => apiKeyCache.forget(userId))
  if (!replaced) {
    await withdraw()
    throw await whyNot(old._id)
  }
  await notifyKeyCreated(userId, created, replaced)
  return { ...toView(created), key }
}

/** An end is only ever set with `rotatedTo`, which the write asks for, so the one that was read still holds. */
const earlier = (end: Date | null | undefined, other: Date): Date => (end && end < other ? end : other)

async function whyNot(id: Types.ObjectId): Promise<Error> {
  const key = await ApiKeyModel.findOne({ _id: id, revokedAt: null }).lean()
  if (!key) return new ApiKeyNotFound()
  return key.rotatedTo ? alreadyRotated() : new ApiKeyNotRotatable('This API key has expired. Create another one.')
}

const alreadyRotated = () =>
  new ApiKeyNotRotatable('This API key was already rotated. If you do not have the new key, rotate that one.')
