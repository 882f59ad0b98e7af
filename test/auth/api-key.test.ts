import { describe, expect, test } from 'vitest'
import { countLive, createApiKey, listApiKeys, markKeysRevoked, revokeApiKey } from '#app/auth/api-key.server.ts'
import { ApiKeyNotFound, TooManyApiKeys } from '#app/auth/errors.ts'
import { requireApiUser } from '#app/auth/require-user.server.ts'
import { FeatureNotInPlan } from '#app/billing/errors.ts'
import { FREE_PLAN } from '#app/billing/plans.ts'
import { ApiKeyModel } from '#models/api-key.server.ts'
import { NotificationModel } from '#models/notification.server.ts'
import { type User, UserModel } from '#models/user.server.ts'
import { usePlan } from '#test/billing/plan.ts'
import { useDatabase } from '#test/setup/database.ts'
import { newUser, visitAs } from './users.ts'

useDatabase()

const bearing = (authorization: string, cookie = '') =>
  new Request('http://localhost/api/user', { headers: { Authorization: authorization, Cookie: cookie } })

const statusOf = async (request: Request) =>
  requireApiUser(request).then(
    () => 200,
    (thrown: unknown) => (thrown as Response).status,
  )

describe('an API key', () => {
  test('a key gives its owner access to the API', async () => {
    const user = await newUser()
    const { key } = await createApiKey(user._id, 'report')
    const caller = await requireApiUser(bearing(`Bearer ${key}`))

    expect(key).toMatch(/^sk_scrip_[0-9a-f]{48}$/)
    expect(caller.via).toBe('api_key')
    expect(caller.user._id).toEqual(user._id)
  })

  test('the key is shown once and only its hash is stored (5.14)', async () => {
    const user = await newUser()
    const { key, prefix } = await createApiKey(user._id, 'report')
    const stored = await ApiKeyModel.findOne({ userId: user._id }).select('+hash').lean()
    const [listed] = await listApiKeys(user._id)

    expect(JSON.stringify(stored)).not.toContain(key)
    expect(listed).toMatchObject({ name: 'report', prefix, lastUsedAt: null })
    expect(listed).not.toHaveProperty('hash')
    expect(key.startsWith(prefix)).toBe(true)
  })

  test('each use updates when the key was last used', async () => {
    const user = await newUser()
    const { key } = await createApiKey(user._id, 'report')
    await requireApiUser(bearing(`Bearer ${key}`))

    expect((await listApiKeys(user._id))[0]?.lastUsedAt).toBeInstanceOf(Date)
  })

  test('a revoked key is refused, and revoking it again changes nothing', async () => {
    const user = await newUser()
    const { key, id } = await createApiKey(user._id, 'report')
    await revokeApiKey(user._id, id)
    const first = await ApiKeyModel.findById(id).lean()
    await revokeApiKey(user._id, id)

    expect(await statusOf(bearing(`Bearer ${key}`))).toBe(401)
    expect((await ApiKeyModel.findById(id).lean())?.revokedAt).toEqual(first?.revokedAt)
    expect(await listApiKeys(user._id)).toEqual([])
  })

  test('a user cannot revoke another user’s key, nor an id that is not one', async () => {
    const [ada, bob] = [await newUser(), await newUser()]
    const { key, id } = await createApiKey(ada._id, 'report')

    await expect(revokeApiKey(bob._id, id)).rejects.toThrow(ApiKeyNotFound)
    await expect(revokeApiKey(ada._id, '{"$gt":""}')).rejects.toThrow(ApiKeyNotFound)
    expect(await statusOf(bearing(`Bearer ${key}`))).toBe(200)
  })

  test('a user can have at most twenty keys', async () => {
    const user = await newUser()
    for (let index = 0; index < 20; index++) await createApiKey(user._id, `key ${index}`)

    await expect(createApiKey(user._id, 'one more')).rejects.toThrow(TooManyApiKeys)
  })

  test('the limit of twenty also holds for keys created at once', async () => {
    const user = await newUser()
    await Promise.allSettled(Array.from({ length: 15 }, (_, index) => createApiKey(user._id, `key ${index}`)))
    await Promise.allSettled(Array.from({ length: 40 }, () => createApiKey(user._id, 'one of many')))

    const live = await ApiKeyModel.countDocuments({ userId: user._id, revokedAt: null })
    expect(live).toBeGreaterThanOrEqual(15)
    expect(live).toBeLessThanOrEqual(20)
    expect(await listApiKeys(user._id)).toHaveLength(live)
  })

  test('the list shows every key, also when there are more than the limit', async () => {
    const user = await newUser()
    const more = Array.from({ length: 56 }, (_, index) => ({
      userId: user._id,
      name: `key ${index}`,
      prefix: 'sk_scrip_000000',
      hash: `hash ${user._id.toHexString()} ${index}`,
      createdAt: new Date(),
    }))
    await ApiKeyModel.insertMany(more)

    expect(await listApiKeys(user._id)).toHaveLength(56)
  })

  test('a key created before password epochs existed works, counts and is listed', async () => {
    const user = await newUser()
    const { key } = await createApiKey(user._id, 'report')
    await ApiKeyModel.collection.updateMany({ userId: user._id }, { $unset: { epoch: '' } })
    await UserModel.collection.updateOne({ _id: user._id }, { $unset: { apiKeyEpoch: '' } })

    expect(await statusOf(bearing(`Bearer ${key}`))).toBe(200)
    expect(await listApiKeys(user._id)).toHaveLength(1)
    expect(await countLive(user)).toBe(1)
    expect(await markKeysRevoked((await UserModel.findById(user._id).lean<User>())!)).toBe(0)
  })

  test('the mail about a new key shows only its first characters', async () => {
    const user = await newUser()
    const { key, prefix, id } = await createApiKey(user._id, 'Win at https://evil.example')
    const mail = await NotificationModel.findById(`api_key_created:${id}`).lean()

    expect(mail).toMatchObject({ userId: user._id, data: { prefix } })
    expect(JSON.stringify(mail)).not.toContain(key)
    expect(JSON.stringify(mail)).not.toContain('evil')
  })
})

describe('API keys on a plan without the API', () => {
  const free = usePlan(FREE_PLAN)

  test('a plan without the API cannot create a key', async () => {
    free.features = { ...free.features, apiAccess: false }
    const user = await newUser()

    await expect(createApiKey(user._id, 'report')).rejects.toThrow(FeatureNotInPlan)
    expect(await ApiKeyModel.countDocuments({ userId: user._id })).toBe(0)
  })
})

describe('requireApiUser', () => {
  test('a session cookie is accepted too', async () => {
    const user = await newUser()
    const caller = await requireApiUser(await visitAs(user, '/api/user'))

    expect(caller).toMatchObject({ via: 'session', user: { _id: user._id } })
  })

  test.each([['Bearer sk_scrip_wrong'], ['Bearer'], ['Basic dXNlcjpwYXNz'], ['sk_scrip_x'], ['']])(
    'a key in the request decides alone: %j beside a valid cookie is refused',
    async (authorization) => {
      const cookie = (await visitAs(await newUser())).headers.get('Cookie') ?? ''

      expect(await statusOf(bearing(authorization, cookie))).toBe(401)
    },
  )

  test('a caller without credentials gets an error in the API’s shape', async () => {
    const response = await requireApiUser(new Request('http://localhost/api/user')).catch((thrown: unknown) => thrown)

    expect(response).toBeInstanceOf(Response)
    expect((response as Response).status).toBe(401)
    expect(await (response as Response).json()).toMatchObject({ error: { code: 'unauthenticated' } })
  })

  test('a busy user can make thousands of calls', async () => {
    const request = await visitAs(await newUser(), '/api/user')
    // In waves: more than the connection pool can serve in time would be refused for another reason.
    for (let wave = 0; wave < 10; wave++) {
      const statuses = await Promise.all(Array.from({ length: 50 }, () => statusOf(request)))
      expect(new Set(statuses)).toEqual(new Set([200]))
    }
  })
})
