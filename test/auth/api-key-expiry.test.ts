import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { countLive, createApiKey, listApiKeys, markKeysRevoked, revokeApiKey } from '#app/auth/api-key.server.ts'
import { ApiKeyCache } from '#app/auth/api-key-cache.server.ts'
import { findApiKeyOwner, findRecentApiKeyOwner } from '#app/auth/api-key-owner.server.ts'
import { ApiKeyExpired } from '#app/auth/errors.ts'
import { nextKeyNotice, notifyExpiringKeys } from '#app/notifications/expiring-api-keys.server.ts'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { setNow } from '#app/clock.server.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { useDatabase } from '#test/setup/database.ts'
import { explainReads } from '#test/setup/query-plans.ts'
import { newUser } from './users.ts'

useDatabase({ monitorCommands: true })

const DAY_MS = 86_400_000
const START = new Date('2026-05-01T12:00:00Z')
const LIFE = { lifeMs: 30 * DAY_MS }
const END = new Date(START.getTime() + 30 * DAY_MS)

const at = (time: number) => setNow(() => new Date(time))

beforeEach(() => at(START.getTime()))
afterEach(() => setNow(null))

describe('a key that expires', () => {
  test('a key works up to its last millisecond and not from then on, in memory or read', async () => {
    const { key } = await createApiKey((await newUser())._id, 'report', LIFE)
    at(END.getTime() - 1)
    const cache = new ApiKeyCache(() => 0)
    expect(await findRecentApiKeyOwner(key, cache)).toMatchObject({ expiresAt: END })
    expect(await findRecentApiKeyOwner(key, cache)).not.toBeNull()
    at(END.getTime())

    await expect(findRecentApiKeyOwner(key, cache)).rejects.toThrow(ApiKeyExpired)
    await expect(findApiKeyOwner(key)).rejects.toThrow(ApiKeyExpired)
  })

  test('whoever holds the expired key is told that it has expired, and its use is not noted', async () => {
    const user = await newUser()
    const { key, id } = await createApiKey(user._id, 'report', LIFE)
    at(END.getTime())
    const request = new Request('http://localhost/api/user', { headers: { Authorization: `Bearer ${key}` } })
    const response = (await requireApiUser(request).catch((thrown: unknown) => thrown)) as Response

    expect(response.status).toBe(401)
    expect(response.headers.get('WWW-Authenticate')).toBe('Bearer error="invalid_token"')
    expect(await response.json()).toMatchObject({ error: { code: 'api_key_expired', expiredAt: END.toISOString() } })
    expect((await ApiKeyModel.findById(id).lean())?.lastUsedAt).toBeNull()
  })

  test('a revoked key that has also expired is unknown, as any revoked key', async () => {
    const user = await newUser()
    const { key, id } = await createApiKey(user._id, 'report', LIFE)
    await revokeApiKey(user._id, id)
    at(END.getTime())

    expect(await findApiKeyOwner(key)).toBeNull()
  })

  test('an expired key counts neither as working nor for the limit, and is listed for a month', async () => {
    const user = await newUser()
    for (let index = 0; index < 20; index++) await createApiKey(user._id, `key ${index}`, LIFE)
    at(END.getTime())

    expect(await countLive(user)).toBe(0)
    expect(await listApiKeys(user._id)).toHaveLength(20)
    await createApiKey(user._id, 'one more')
    at(END.getTime() + 30 * DAY_MS)
    expect((await listApiKeys(user._id)).map(({ name }) => name)).toEqual(['one more'])
  })

  test('a new password does not count expired keys among those it revokes', async () => {
    const user = await newUser()
    await createApiKey(user._id, 'expires', LIFE)
    await createApiKey(user._id, 'stays')
    at(END.getTime())
    await UserModel.updateOne({ _id: user._id }, { $inc: { apiKeyEpoch: 1 } })

    expect(await markKeysRevoked((await UserModel.findById(user._id).lean<User>())!)).toBe(1)
  })
})

describe('the mail before a key expires', () => {
  const NOTICE = END.getTime() - 7 * DAY_MS
  beforeEach(() => ApiKeyModel.deleteMany({}))
  const mailsTo = ({ _id }: User) => NotificationModel.find({ userId: _id, kind: 'api_key_expiring' }).lean()

  test('the mail is queued seven days before, once, however often and wherever the job runs', async () => {
    const user = await newUser()
    const { id, prefix } = await createApiKey(user._id, 'report', LIFE)
    at(NOTICE - 1)
    await notifyExpiringKeys()
    expect(await mailsTo(user)).toEqual([])
    expect(await nextKeyNotice()).toEqual(new Date(NOTICE))
    at(NOTICE)
    const runs = await Promise.all([notifyExpiringKeys(), notifyExpiringKeys(), notifyExpiringKeys()])
    await notifyExpiringKeys()

    expect(runs.reduce((sum, { queued }) => sum + queued, 0)).toBe(1)
    expect(await mailsTo(user)).toMatchObject([{ _id: `api_key_expiring:${id}`, data: { prefix, expiresAt: END } }])
    expect(await notifyExpiringKeys()).toEqual({ keys: 0, queued: 0 })
  })

  test('a key that never expires, was revoked, or has expired before the job ran gets no mail', async () => {
    const [never, revoked, late, reset] = [await newUser(), await newUser(), await newUser(), await newUser()]
    await createApiKey(never._id, 'report')
    const { id } = await createApiKey(revoked._id, 'report', LIFE)
    await revokeApiKey(revoked._id, id)
    await createApiKey(late._id, 'report', LIFE)
    await createApiKey(reset._id, 'report', { lifeMs: 60 * DAY_MS })
    await UserModel.updateOne({ _id: reset._id }, { $inc: { apiKeyEpoch: 1 } })
    at(END.getTime() + 24 * DAY_MS)
    await notifyExpiringKeys()

    for (const user of [never, revoked, late, reset]) expect(await mailsTo(user)).toEqual([])
  })

  test('the job reads only the keys whose mail is due', async () => {
    const user = await newUser()
    await createApiKey(user._id, 'due', LIFE)
    for (let index = 0; index < 10; index++) await createApiKey(user._id, `key ${index}`, { lifeMs: 365 * DAY_MS })
    at(NOTICE)
    const plans = await explainReads(() => notifyExpiringKeys())

    expect(plans.find(({ collection }) => collection === 'api_keys')).toMatchObject({ docsExamined: 0 })
    expect(await mailsTo(user)).toHaveLength(1)
  })
})
