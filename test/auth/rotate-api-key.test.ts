import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createApiKey, listApiKeys, revokeApiKey } from '#app/auth/api-key.server.ts'
import { findApiKeyOwner, findRecentApiKeyOwner } from '#app/auth/api-key-owner.server.ts'
import { ApiKeyExpired, ApiKeyNotFound, ApiKeyNotRotatable, TooManyApiKeys } from '#app/auth/errors.ts'
import { rotateApiKey } from '#app/auth/rotate-api-key.server.ts'
import { FeatureNotInPlan } from '#app/billing/errors.ts'
import { FREE_PLAN } from '#app/billing/plans.ts'
import { setNow } from '#app/clock.server.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { usePlan } from '#test/billing/plan.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser } from './users.ts'

useDatabase()

const DAY_MS = 86_400_000
const START = new Date('2026-05-01T12:00:00Z')

const at = (time: number) => setNow(() => new Date(time))

beforeEach(() => at(START.getTime()))
afterEach(() => setNow(null))

describe('rotating an API key', () => {
  test('the new key has the name, the scopes and a fresh life of the old one, which works for a day more', async () => {
    const user = await newUser()
    const old = await createApiKey(user._id, 'report', { scopes: ['read'], lifeMs: 90 * DAY_MS })
    const rotatedAt = START.getTime() + 40 * DAY_MS
    at(rotatedAt)
    const fresh = await rotateApiKey(user._id, old.id)

    expect(fresh.key).toMatch(/^sk_scrip_[0-9a-f]{48}$/)
    expect(fresh).toMatchObject({ name: 'report', scopes: ['read'], expiresAt: new Date(rotatedAt + 90 * DAY_MS) })
    expect(await findApiKeyOwner(fresh.key)).toMatchObject({ user: { _id: user._id }, scopes: ['read'] })
    at(rotatedAt + DAY_MS - 1)
    expect(await findRecentApiKeyOwner(old.key)).not.toBeNull()
    at(rotatedAt + DAY_MS)
    await expect(findRecentApiKeyOwner(old.key)).rejects.toThrow(ApiKeyExpired)
    expect((await listApiKeys(user._id)).map(({ id }) => id)).toEqual([fresh.id])
  })

  test('an old key that ends earlier keeps its own end, and one without an end is replaced by one without', async () => {
    const user = await newUser()
    const ending = await createApiKey(user._id, 'ending', { lifeMs: 30 * DAY_MS })
    const endless = await createApiKey(user._id, 'endless')
    const end = START.getTime() + 30 * DAY_MS
    at(end - 60_000)
    await rotateApiKey(user._id, ending.id)
    const fresh = await rotateApiKey(user._id, endless.id)

    expect((await ApiKeyModel.findById(ending.id).lean())?.expiresAt).toEqual(new Date(end))
    expect(fresh.expiresAt).toBeNull()
  })

  test('of two rotations at once, one makes a key and the other one makes none', async () => {
    const user = await newUser()
    const old = await createApiKey(user._id, 'report')
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => rotateApiKey(user._id, old.id)))
    const made = results.filter((result) => result.status === 'fulfilled')
    const refused = results.filter((result) => result.status === 'rejected')

    expect(made).toHaveLength(1)
    expect(refused.every(({ reason }) => reason instanceof ApiKeyNotRotatable)).toBe(true)
    const stored = await ApiKeyModel.find({ userId: user._id }).lean()
    expect(stored.map(({ _id }) => _id.toHexString()).sort()).toEqual([old.id, made[0]!.value.id].sort())
    expect(stored.find(({ _id }) => _id.toHexString() === old.id)?.rotatedTo?.toHexString()).toBe(made[0]!.value.id)
  })

  test('a rotation and a revocation at once leave the old key revoked', async () => {
    const user = await newUser()
    const old = await createApiKey(user._id, 'report')
    await Promise.allSettled([rotateApiKey(user._id, old.id), revokeApiKey(user._id, old.id)])

    expect(await findApiKeyOwner(old.key)).toBeNull()
    expect((await listApiKeys(user._id)).length).toBeLessThanOrEqual(1)
  })

  test('a second rotation of the same key is refused and says what helps', async () => {
    const user = await newUser()
    const old = await createApiKey(user._id, 'report')
    const fresh = await rotateApiKey(user._id, old.id)

    await expect(rotateApiKey(user._id, old.id)).rejects.toThrow(
      'This API key was already rotated. If you do not have the new key, rotate that one.',
    )
    expect((await rotateApiKey(user._id, fresh.id)).name).toBe('report')
  })

  test('a key that was replaced can be revoked at once', async () => {
    const user = await newUser()
    const old = await createApiKey(user._id, 'report')
    const fresh = await rotateApiKey(user._id, old.id)
    await revokeApiKey(user._id, old.id)

    expect(await findRecentApiKeyOwner(old.key)).toBeNull()
    expect(await findRecentApiKeyOwner(fresh.key)).not.toBeNull()
  })

  test('a customer with twenty keys can rotate each of them once a day, but has no room for another', async () => {
    const user = await newUser()
    const ids: string[] = []
    for (let index = 0; index < 20; index++) ids.push((await createApiKey(user._id, `key ${index}`)).id)
    const fresh = await rotateApiKey(user._id, ids[0]!)
    await expect(createApiKey(user._id, 'one more')).rejects.toThrow(TooManyApiKeys)
    for (const id of ids.slice(1)) await rotateApiKey(user._id, id)

    await expect(rotateApiKey(user._id, fresh.id)).rejects.toThrow(TooManyApiKeys)
    expect(await ApiKeyModel.countDocuments({ userId: user._id })).toBe(40)
    at(START.getTime() + DAY_MS)
    expect((await rotateApiKey(user._id, fresh.id)).name).toBe('key 0')
  })

  test('an expired, a revoked, a foreign and an unknown key cannot be rotated', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const { id } = await createApiKey(ada._id, 'report', { lifeMs: 30 * DAY_MS })
    const revoked = await createApiKey(ada._id, 'revoked')
    await revokeApiKey(ada._id, revoked.id)

    await expect(rotateApiKey(bob._id, id)).rejects.toThrow(ApiKeyNotFound)
    await expect(rotateApiKey(ada._id, revoked.id)).rejects.toThrow(ApiKeyNotFound)
    await expect(rotateApiKey(ada._id, '{"$gt":""}')).rejects.toThrow(ApiKeyNotFound)
    at(START.getTime() + 30 * DAY_MS)
    await expect(rotateApiKey(ada._id, id)).rejects.toThrow('This API key has expired. Create another one.')
    expect(await ApiKeyModel.countDocuments({ userId: ada._id })).toBe(2)
  })

  test('a mail reports the new key and until when the old one works', async () => {
    const user = await newUser()
    const old = await createApiKey(user._id, 'report', { scopes: ['read'] })
    const fresh = await rotateApiKey(user._id, old.id)
    const mail = await NotificationModel.findById(`api_key_created:${fresh.id}`).lean()

    expect(mail?.data).toEqual({
      prefix: fresh.prefix,
      createdAt: START,
      canSpend: false,
      replaces: { prefix: old.prefix, worksUntil: new Date(START.getTime() + DAY_MS) },
    })
  })
})

describe('on a plan without the API', () => {
  const free = usePlan(FREE_PLAN)

  test('rotating a key is refused as creating one is', async () => {
    const user = await newUser()
    const { id } = await createApiKey(user._id, 'from before')
    free.features = { ...free.features, apiAccess: false }

    await expect(rotateApiKey(user._id, id)).rejects.toThrow(FeatureNotInPlan)
    expect(await ApiKeyModel.countDocuments({ userId: user._id })).toBe(1)
  })
})
