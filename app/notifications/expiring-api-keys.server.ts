import { type ApiKey, ApiKeyModel } from '#models/api-key.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { now } from '../clock.server.ts'
import { notify } from './outbox.server.ts'

/** In one run; the next one continues. */
const BATCH = 500

/**
 * Queues a mail for each API key that expires within a week, once per key. Safe to run twice and at once: the key's id is
 * the mail's.
 * @returns how many keys were looked at, and how many mails were queued
 */
export async function notifyExpiringKeys(): Promise<{ keys: number; queued: number }> {
  const at = now()
  const keys = await ApiKeyModel.find({ noticeAt: { $type: 'date', $lte: at } })
    .sort({ noticeAt: 1 })
    .limit(BATCH)
    .lean<ApiKey[]>()
  const users = await UserModel.find({ _id: { $in: keys.map(({ userId }) => userId) } })
    .select({ apiKeyEpoch: 1 })
    .lean<Pick<User, '_id' | 'apiKeyEpoch'>[]>()
  // Users and keys from before epochs have none, which counts as the first.
  const epochs = new Map(users.map(({ _id, apiKeyEpoch }) => [_id.toHexString(), apiKeyEpoch ?? 0]))
  let queued = 0
  for (const { _id, userId, prefix, expiresAt, epoch } of keys) {
    const works = expiresAt && expiresAt > at && epochs.get(userId.toHexString()) === (epoch ?? 0)
    const request = { kind: 'api_key_expiring', userId, key: _id.toHexString() } as const
    if (works && (await notify({ ...request, data: { prefix, expiresAt } }))) queued++
    // After the mail: if the process dies in between, the key is looked at again.
    await ApiKeyModel.updateOne({ _id }, { $set: { noticeAt: null } })
  }
  return { keys: keys.length, queued }
}

/** When the next mail is due, or null: the sandbox's clock stops there when it is moved. */
export async function nextKeyNotice(): Promise<Date | null> {
  const next = await ApiKeyModel.findOne({ noticeAt: { $type: 'date', $gt: now() } })
    .sort({ noticeAt: 1 })
    .lean()
  return next?.noticeAt ?? null
}
